extension Launcher {
    /// Every Debian has a Perl, so that its being there says nothing.
    static let perl = Launcher(
        name: "perl", programs: ["perl"], companions: ["cpan", "cpanm", "plackup"], variables: ["PERL5LIB"],
        isCommon: true, scripts: [ScriptKind(suffixes: [".pl"], commands: [["perl"]])],
        worker: Worker(file: "perl.pl", text: perlWorker),
        sets: [
            FileSet(
                "perl", "Perl's modules", when: ["**/bin/perl", "**/libperl.so*"],
                [
                    "usr/share/perl/**", "usr/share/perl5/**", "usr/lib/*/perl*/**", "usr/lib/perl5/**",
                    "usr/local/lib/perl5/**", "usr/local/share/perl/**", "usr/local/lib/*/perl/**",
                ], except: ["**/*.pod", "**/perl/*/CORE/**"])
        ])

    private static let perlWorker = #"""
        # Runs the function's script once for each request, in a fork of this process. See docs/launchers.md.
        package SCAR::Worker;
        use strict;
        use warnings;

        sub serve {
            open(my $requests, '<&=', 3) or die "descriptor 3: $!";
            open(my $answers, '>&=', 4) or die "descriptor 4: $!";
            select((select($answers), $| = 1)[0]);
            for my $module (split /[\s,]+/, $ENV{SCAR_PRELOAD} // '') {
                next if $module eq '' or eval "require $module; 1";
                print STDERR "SCAR_PRELOAD: $@";
            }
            # The request's time being up is the script's affair, not ours.
            $SIG{TERM} = 'IGNORE';
            print $answers "ready\n";
            while (defined(my $line = <$requests>)) {
                chomp $line;
                my ($id, $file) = split / /, $line, 2;
                open(my $request, '<:raw', $file) or die "$file: $!";
                my ($folder, $script, @variables) = do { local $/; split /\0/, <$request> };
                close $request;
                defined(my $child = fork) or die "fork: $!";
                if ($child == 0) {
                    $SIG{TERM} = 'DEFAULT';
                    close $requests;
                    close $answers;
                    for (@variables) { my ($name, $value) = split /=/, $_, 2; $ENV{$name} = $value; }
                    chdir $folder or die "$folder: $!";
                    return $script;
                }
                waitpid $child, 0;
                my $signal = $? & 127;
                print $answers $signal ? "signal $id $signal\n" : 'exit ' . $id . ' ' . ($? >> 8) . "\n";
            }
            return undef;
        }

        package main;

        if (defined(my $script = SCAR::Worker::serve())) {
            @ARGV = ();
            $0 = $script;
            do $script;
            # What a script dies of comes back here.
            if ($@ ne '') { print STDERR $@; exit 255; }
        }

        """#
}
