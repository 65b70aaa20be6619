extension Launcher {
    static let erlang = Launcher(
        name: "erlang", programs: ["erl"], companions: ["escript", "erlc", "rebar3"], variables: ["OTP_VERSION"],
        scripts: [ScriptKind(suffixes: [".escript", ".erl"], commands: [["escript"]])],
        keep: ["usr/lib/erlang/**", "usr/local/lib/erlang/**"], environment: { _ in beam })

    /// A crash dump of a function is read by nobody: it costs time that the answer needs, and is removed with its folder.
    /// `erl` documents 0 as “write none”.
    static let beam = [(name: "ERL_CRASH_DUMP_SECONDS", value: "0")]
}
