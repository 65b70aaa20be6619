extension Launcher {
    static let erlang = Launcher(
        name: "erlang", programs: ["erl"], companions: ["escript", "erlc", "rebar3"], variables: ["OTP_VERSION"],
        scripts: [ScriptKind(suffixes: [".escript", ".erl"], commands: [["escript"]])],
        sets: [
            // Other applications come in by name: LayerFS/Closure/ApplicationIndex.swift.
            FileSet(
                "erlang", "Erlang's emulator, and the applications that every program has",
                when: ["**/bin/erl", "**/bin/escript", "**/beam.smp"],
                [
                    "**/erlang/bin/**", "**/erlang/releases/**", "**/erlang/erts-*/bin/**", "**/erlang/erts-*/lib/**",
                    "**/erlang/lib/kernel-*/**", "**/erlang/lib/stdlib-*/**", "**/erlang/lib/compiler-*/**",
                ],
                except: [
                    "**/lib/*/src/**", "**/lib/*/doc/**", "**/lib/*/examples/**", "**/bin/yielding_c_fun",
                    "**/bin/typer", "**/bin/dialyzer", "**/bin/ct_run", "**/bin/erl_call", "**/bin/epmd", "**/bin/erlc",
                    "**/bin/run_erl", "**/bin/to_erl", "**/bin/heart", "**/bin/start", "**/bin/start_erl",
                ]),
            FileSet(
                "erlang-network", "Erlang's HTTP client speaks TLS when it is asked to", when: ["**/ebin/httpc.beam"],
                ["**/lib/ssl-*/**", "**/lib/crypto-*/**", "**/lib/public_key-*/**", "**/lib/asn1-*/**"],
                except: ["**/lib/*/src/**", "**/lib/*/doc/**", "**/lib/*/examples/**"]),
        ], environment: { _ in beam })

    /// Nobody reads a function's crash dump: it costs time that the answer needs, and goes with the invocation's
    /// folder. To `erl`, 0 means to write none.
    static let beam = [(name: "ERL_CRASH_DUMP_SECONDS", value: "0")]
}
