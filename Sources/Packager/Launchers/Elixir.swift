extension Launcher {
    static let elixir = Launcher(
        name: "elixir", programs: ["elixir"], companions: ["iex", "mix", "elixirc"], variables: ["ELIXIR_VERSION"],
        scripts: [ScriptKind(suffixes: [".exs", ".ex"], commands: [["elixir"]])],
        worker: Worker(file: "elixir.exs", text: elixirSpare, options: ["-r"], isSpare: true),
        sets: [
            FileSet(
                "elixir", "Elixir's language; its other applications come in by name",
                when: ["**/bin/elixir", "**/elixir.beam"],
                [
                    "**/elixir/bin/**", "**/elixir/lib/elixir/**", "usr/local/src/elixir/**", "opt/mix/**",
                    // What its start script calls when it makes no daemon.
                    "**/bin/erl", "**/bin/readlink", "**/bin/dirname", "**/bin/basename", "**/bin/cut",
                ], except: ["**/elixir/man/**", "**/elixir/lib/*/lib/**"])
        ],
        environment: { image in
            // Mix looks for Hex and Rebar below HOME, which was root's when the image was made.
            let tools = [("MIX_HOME", "/root/.mix"), ("HEX_HOME", "/root/.hex")].filter { image.hasFolder($0.1) }
            return beam + tools
        })

    /// Elixir requires it before the script.
    private static let elixirSpare = #"""
        # Waits for an event, and lets Elixir's command line go on to the function's script then. See docs/launchers.md.
        port = Port.open({:fd, 3, 4}, [:binary, :eof, {:line, 4096}])

        for name <- String.split(System.get_env("SCAR_PRELOAD", ""), [" ", ","], trim: true) do
          module = if name =~ ~r/^[A-Z]/, do: Module.concat([name]), else: String.to_atom(String.trim_leading(name, ":"))

          with {:error, reason} <- Code.ensure_loaded(module),
            do: IO.puts(:stderr, "SCAR_PRELOAD: there is no module #{name}: #{reason}")
        end

        Port.command(port, "ready\n")

        receive do
          {^port, {:data, {:eol, line}}} ->
            Port.close(port)
            [_, file] = String.split(line, " ", parts: 2)
            [folder, _ | variables] = file |> File.read!() |> String.split(<<0>>) |> Enum.drop(-1)
            # The emulator has texts of the system as it would have read them when it started.
            text = if :file.native_name_encoding() == :utf8, do: &String.to_charlist/1, else: &:binary.bin_to_list/1

            for variable <- variables do
              [name, value] = String.split(variable, "=", parts: 2)

              try do
                :os.putenv(text.(name), text.(value))
              rescue
                _ -> IO.puts(:stderr, "#{name} is left out: it is no UTF-8")
              end
            end

            File.cd!(folder)

          {^port, :eof} ->
            System.halt(0)
        end

        """#
}
