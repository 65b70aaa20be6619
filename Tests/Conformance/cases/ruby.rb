# What programs in Ruby do.
#: trees: ruby
D = "/usr/share/conformance"
$stdout.sync = true
### where_it_is
require "rbconfig"; puts RbConfig.ruby, RbConfig::CONFIG["rubylibdir"], $0, __FILE__, $LOAD_PATH, Gem.path.inspect, Gem.dir, Gem.ruby
### files
puts File.read(D + "/file"), File.size(D + "/file"), File.realpath(D + "/absolute-link"), File.exist?("/etc/conformance-only-on-host"), File.symlink?(D + "/absolute-link"), File.stat("/usr").directory?, File.expand_path("../../x", "/usr")
File.write("/desk/a", "x"); File.rename("/desk/a", "/desk/b"); File.symlink(D, "/desk/l"); puts File.readlink("/desk/l"); File.chmod(0600, "/desk/b"); Dir.mkdir("/desk/d"); Dir.rmdir("/desk/d"); begin; File.read("/no/such"); rescue => e; puts e.message; end
### folders
puts Dir.children(D + "/folder").sort, Dir.glob(D + "/f*").sort, Dir[D + "/**/l*"].sort, Dir.entries("/").sort.inspect, Dir.pwd; Dir.chdir(D) { puts Dir.pwd, Dir.glob("f*").sort }; Dir.chdir("/"); Dir.chdir(".."); puts Dir.pwd; require "find"; Find.find(D + "/folder") { |p| puts p }; require "pathname"; puts Pathname.new(D).join("chain/file").realpath; require "fileutils"; FileUtils.mkdir_p("/desk/x/y"); FileUtils.cp_r(D + "/folder", "/desk/x"); FileUtils.rm_rf("/desk/x")
### programs
puts `cat #{D}/file`, `pwd`, $?.exitstatus; system("exit 3"); puts $?.exitstatus, system(D + "/script", "a", "b"), system("/no/such").inspect; require "open3"; puts Open3.capture3("sh", "-c", "cat; echo err >&2; exit 5", stdin_data: "in").inspect; puts IO.popen([D + "/script-env", "x"]).read, IO.popen("cat", "r+") { |io| io.write("y"); io.close_write; io.read }; pid = spawn({ "A" => "1" }, "sh", "-c", "echo $A; pwd", chdir: D, out: "/desk/out"); Process.wait(pid); puts File.read("/desk/out"); pid = fork { exec("echo", "forked") }; Process.wait(pid); exec("/bin/echo", "the end")
### users
require "etc"; p Etc.getpwnam("conformance"), Etc.getgrgid(4321).name, Etc.getlogin, Etc.getpwuid.name; n = 0; Etc.passwd { n += 1 }; p n, File.expand_path("~conformance")
### libraries
require "tempfile"; require "tmpdir"; require "socket"; require "digest"; require "json"; require "yaml"; require "zlib"; require "openssl"; require "fiddle"
Tempfile.create("x", "/desk") { |f| puts File.dirname(f.path) }; puts Dir.tmpdir; s = UNIXServer.new("/desk/s"); puts s.path, s.addr.inspect, UNIXSocket.new("/desk/s").peeraddr.inspect; puts OpenSSL::X509::DEFAULT_CERT_FILE, Digest::SHA256.file(D + "/file").hexdigest, Fiddle.dlopen(D + "/plugins/libplug.so").class if File.exist?(D + "/plugins/libplug.so"); puts "日".encode("EUC-JP").bytes.inspect; ENV["TZ"] = "Europe/Berlin"; puts Time.at(1700000000).to_s, Encoding.default_external
### threads
puts 16.times.map { |i| Thread.new { 50.times.map { File.size(D + "/file") + `#{D}/script #{i % 2}`.size * 0 }.sum } }.map(&:value).uniq.inspect
### gems limit=120
puts `gem env gemdir`, `gem list --local 2>&1`.lines.size > 3, Gem::Specification.map(&:name).sort.first(5).inspect, `ruby -e 'puts RbConfig.ruby'`, `irb --version`.empty?, `erb -v 2>&1`
