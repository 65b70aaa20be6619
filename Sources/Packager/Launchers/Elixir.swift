extension Launcher {
    static let elixir = Launcher(
        name: "elixir", programs: ["elixir"], companions: ["iex", "mix", "elixirc"], variables: ["ELIXIR_VERSION"],
        scripts: [ScriptKind(suffixes: [".exs", ".ex"], commands: [["elixir"]])],
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
}
