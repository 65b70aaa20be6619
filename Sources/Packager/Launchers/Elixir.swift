extension Launcher {
    static let elixir = Launcher(
        name: "elixir", programs: ["elixir"], companions: ["iex", "mix", "elixirc"], variables: ["ELIXIR_VERSION"],
        scripts: [ScriptKind(suffixes: [".exs", ".ex"], commands: [["elixir"]])],
        keep: [
            "usr/lib/elixir/**", "usr/local/lib/elixir/**", "usr/local/src/elixir/**", "usr/lib/erlang/**",
            "usr/local/lib/erlang/**", "root/.mix/**", "opt/mix/**",
        ],
        environment: { image in
            // Mix looks for Hex and Rebar below HOME, which was root's when the image was made.
            let tools = [("MIX_HOME", "/root/.mix"), ("HEX_HOME", "/root/.hex")].filter { image.hasFolder($0.1) }
            return beam + tools
        })
}
