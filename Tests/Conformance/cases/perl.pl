# What programs in Perl do.
#: trees: python
### variables
print "$^X\n$0\n", join(",", @ARGV), "\n"; print join("\n", map { "$_=$INC{$_}" } grep { /strict|POSIX/ } sort keys %INC), "\n"; use POSIX (); print POSIX::getcwd(), "\n";
### files
use strict; open(my $f, "<", "/usr/share/conformance/file") or die; print <$f>, "\n"; print -s "/usr/share/conformance/file", -e "/etc/conformance-only-on-host" ? "host" : "image", -l "/usr/share/conformance/absolute-link" ? "link" : "", "\n";
open($f, ">", "/desk/by-perl") or die; print $f "text"; close $f; rename "/desk/by-perl", "/desk/renamed"; print join(",", (stat "/desk/renamed")[2, 3, 7]), "\n"; symlink "/usr/share/conformance/file", "/desk/link"; print readlink("/desk/link"), "\n"; unlink "/desk/link"; mkdir "/desk/d"; rmdir "/desk/d"; print "$!\n" unless open($f, "<", "/no/such");
### folders
opendir(my $d, "/usr/share/conformance/folder") or die; print join(",", sort readdir $d), "\n"; print join(",", sort glob("/usr/share/conformance/f*")), "\n"; use File::Find; find({ wanted => sub { print "$File::Find::name\n" }, preprocess => sub { sort @_ } }, "/usr/share/conformance/folder"); use Cwd qw(abs_path getcwd); print abs_path("/usr/share/conformance/absolute-link"), " ", abs_path("/bin/.."), "\n"; chdir "/usr/share"; print getcwd(), "\n"; chdir "../.."; print getcwd(), "\n"; chdir ".."; print getcwd(), "\n";
### programs
$| = 1; print `cat /usr/share/conformance/file`, "\n"; system("/bin/echo", "list form"); print $? >> 8, "\n"; system("exit 3"); print $? >> 8, "\n"; open(my $p, "-|", "/usr/share/conformance/script", "x") or die; print <$p>; close $p; open($p, "|-", "cat") or die; print $p "into\n"; close $p; system("/no/such"); print "$? $!\n"; exec "/bin/echo", "the end";
### users
print join(":", getpwnam("conformance")), "\n"; print scalar(getpwuid(4321)), " ", scalar(getgrgid(4321)), " ", defined(getpwnam("onlyonhost")) ? "host" : "none", "\n"; my $n = 0; $n++ while getpwent(); print "$n\n"; print((getpwuid($<))[0], "\n");
### modules
use File::Temp qw(tempfile); my ($h, $name) = tempfile(DIR => "/desk", UNLINK => 1); print -f $name ? "temporary\n" : "none\n"; use File::Copy; copy("/usr/share/conformance/file", "/desk/copy"); print -s "/desk/copy", "\n"; use File::Path qw(make_path remove_tree); make_path("/desk/a/b/c"); remove_tree("/desk/a"); use File::Basename; print dirname(__FILE__), "\n"; use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Local => "/desk/s", Listen => 1); print $s->hostpath, "\n"; use Encode; print encode("euc-jp", "\x{65e5}") eq "\xc6\xfc" ? "encoded\n" : "wrong\n"; use Time::Local; $ENV{TZ} = "Europe/Berlin"; POSIX::tzset() if require POSIX; print scalar(localtime(1700000000)), "\n";
### xs_modules
use Socket; use Digest::SHA qw(sha256_hex); use List::Util qw(sum); use Data::Dumper; use Storable qw(store retrieve); store [1, 2], "/desk/stored"; print sum(@{ retrieve("/desk/stored") }), sha256_hex("x"), "\n"; unlink "/desk/stored"; use Sys::Hostname; print hostname(), "\n"; use I18N::Langinfo qw(langinfo CODESET); print langinfo(CODESET), "\n"; use threads; print threads->create(sub { -s "/usr/share/conformance/file" })->join, "\n";
