extension Launcher {
    static let ruby = Launcher(
        name: "ruby", programs: ["ruby"], companions: ["irb", "bundle", "bundler", "rake", "gem", "rackup", "rails"],
        variables: ["RUBY_VERSION", "GEM_HOME"], scripts: [ScriptKind(suffixes: [".rb"], commands: [["ruby"]])],
        worker: Worker(file: "ruby.rb", text: rubyWorker),
        keep: ["usr/lib/ruby/**", "usr/local/lib/ruby/**", "usr/local/bundle/**", "var/lib/gems/**"])

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
