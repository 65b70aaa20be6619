#!/usr/bin/env perl
# What a web server's access log says, in short.
#
# In:  $INPUT_FILE_PATH               a log in the Common or Combined Log Format
# Out: $TMP_OUTPUT_DIR/report.txt     requests, bytes, answers by status, busiest hours, pages that are asked for most
use strict;
use warnings;
use File::Basename qw(basename);
use File::Spec::Functions qw(catfile);
use List::Util qw(max);

# How many of a long list the report shows.
use constant SHOWN => 10;

sub variable {
    my ($name, $meaning) = @_;
    my $value = $ENV{$name} // '';
    die "$name is not set: $meaning\n" if $value eq '';
    return $value;
}

my $input  = variable('INPUT_FILE_PATH', 'this function wants a log, uploaded to its input bucket');
my $output = variable('TMP_OUTPUT_DIR',  'it names the folder that is uploaded');

my $request = qr{
    ^(?<host>\S+) \s \S+ \s \S+                                   # who, and two fields that are seldom filled
    \s \[ [^:\]]+ : (?<hour>\d\d) : [^\]]+ \]                     # day:hour:minute:second zone
    \s "(?<method>[A-Z]+) \s (?<page>[^\s?"]*) [^"]*"             # the request, without its query
    \s (?<status>\d{3}) \s (?<bytes>\d+|-)
}x;

my (%hosts, %hours, %pages, %statuses);
my ($requests, $bytes, $odd) = (0, 0, 0);
open my $log, '<', $input or die "cannot read $input: $!\n";
while (my $line = <$log>) {
    if ($line =~ $request) {
        my ($host, $hour, $page, $status, $size) = @+{qw(host hour page status bytes)};
        $requests++;
        $bytes += $size eq '-' ? 0 : $size;
        $hosts{$host}++;
        $hours{$hour}++;
        $pages{$page}++;
        $statuses{$status}++;
    } elsif ($line =~ /\S/) {
        $odd++;
    }
}
close $log;
die basename($input) . " has no line of a log in it\n" if $requests == 0;

open my $report, '>', catfile($output, 'report.txt') or die "cannot write the report: $!\n";
printf {$report} "%d requests of %d hosts, %d bytes", $requests, scalar(keys %hosts), $bytes;
printf {$report} ", besides %d other lines", $odd if $odd;
print {$report} "\n";
table('status', \%statuses, sort keys %statuses);
table('hour',   \%hours,    sort keys %hours);
table('page',   \%pages,    sort { $pages{$b} <=> $pages{$a} || $a cmp $b } keys %pages);
close $report or die "cannot write the report: $!\n";
print "$requests requests\n";

# Counts, with a bar as long as the count is large.
sub table {
    my ($title, $counts, @names) = @_;
    splice @names, SHOWN if @names > SHOWN;
    my ($most, $width) = (max(values %$counts), max(map { length } $title, @names));
    print {$report} "\n$title\n";
    printf {$report} "%-${width}s  %5d  %s\n", $_, $counts->{$_}, '#' x (30 * $counts->{$_} / $most) for @names;
}
