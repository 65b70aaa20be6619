extension Launcher {
    static let erlang = Launcher(
        name: "erlang", programs: ["erl"], companions: ["escript", "erlc", "rebar3"], variables: ["OTP_VERSION"],
        scripts: [ScriptKind(suffixes: [".escript", ".erl"], commands: [["escript"]])],
        keep: ["usr/lib/erlang/**", "usr/local/lib/erlang/**"], environment: { _ in beam })

    /// Nobody reads a function's crash dump: it costs time that the answer needs, and goes with the invocation's
    /// folder. To `erl`, 0 means to write none.
    static let beam = [(name: "ERL_CRASH_DUMP_SECONDS", value: "0")]
}
