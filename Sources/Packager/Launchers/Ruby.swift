extension Launcher {
    static let ruby = Launcher(
        name: "ruby", programs: ["ruby"], companions: ["irb", "bundle", "bundler", "rake", "gem", "rackup", "rails"],
        variables: ["RUBY_VERSION", "GEM_HOME"], scripts: [ScriptKind(suffixes: [".rb"], commands: [["ruby"]])],
        worker: Worker(file: "ruby.rb", text: rubyWorker),
        sets: [
            FileSet(
                "ruby", "Ruby's library, extensions and gems", when: ["**/bin/ruby*", "**/libruby*.so*"],
                [
                    "usr/lib/ruby/**", "usr/lib/*/ruby/**", "usr/local/lib/ruby/**", "usr/local/bundle/**",
                    "var/lib/gems/**", "usr/share/rubygems-integration/**", "usr/share/ruby-*/**",
                ], except: rubyTLS + rubyDevelopment + ["**/ri/**", "usr/local/bundle/cache/**", "**/gems/*/doc/**"]),
            FileSet(
                "ruby-tls", "OpenSSL for Ruby, where a program requires what speaks TLS",
                words: [
                    "openssl", "https", "net/http", "net/https", "net/imap", "net/smtp", "net/pop", "net/ftp",
                    "open-uri",
                    "webrick", "drb/ssl", "bundler", "Bundler", "Gem",
                ], rubyTLS),
            FileSet(
                "ruby-development", "what checks, tests, debugs and documents Ruby programs, where one requires it",
                words: [
                    "rbs", "typeprof", "debug", "test/unit", "test-unit", "minitest", "minitest/autorun",
                    "power_assert",
                    "rdoc",
                ], rubyDevelopment),
        ])

    private static let rubyTLS = ["**/ruby/*/openssl.so", "**/ruby/*/*/openssl.so"]
    private static let rubyDevelopment = [
        "**/gems/rbs-*/**", "**/gems/typeprof-*/**", "**/gems/debug-*/**", "**/gems/test-unit-*/**",
        "**/gems/minitest-*/**", "**/gems/power_assert-*/**", "usr/lib/ruby/*/rdoc/**", "usr/local/lib/ruby/*/rdoc/**",
    ]

    /// The child leaves the loop, so that nothing of it is around the script.
    private static let rubyWorker = #"""
        # Runs the function's script once for each request, in a fork of this process. See docs/launchers.md.
        requests = IO.for_fd(3, 'rb')
        answers = IO.for_fd(4, 'wb')
        answers.sync = true
        [requests, answers].each { |stream| stream.close_on_exec = true }
        ENV['SCAR_PRELOAD'].to_s.split(/[\s,]+/).each do |library|
          require library
        rescue LoadError => error
          warn "SCAR_PRELOAD: #{error.message}"
        end
        # The request's time being up is the script's affair, not ours.
        trap('TERM', 'IGNORE')
        answers.puts 'ready'
        script = nil
        while (line = requests.gets)
          id, file = line.chomp.split(' ', 2)
          folder, program, *variables = File.binread(file).split("\0")
          child = fork
          unless child
            trap('TERM', 'DEFAULT')
            [requests, answers].each(&:close)
            variables.each { |variable| ENV.store(*variable.split('=', 2)) }
            Dir.chdir(folder)
            script = program.force_encoding(Encoding.default_external)
            break
          end
          status = Process.wait2(child).last
          answers.puts(status.signaled? ? "signal #{id} #{status.termsig}" : "exit #{id} #{status.exitstatus}")
        end
        if script
          ARGV.clear
          $0 = script
          load script
        end

        """#
}
