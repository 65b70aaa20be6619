extension Launcher {
    static let erlang = Launcher(
        name: "erlang", programs: ["erl"], companions: ["escript", "erlc", "rebar3"], variables: ["OTP_VERSION"],
        scripts: [ScriptKind(suffixes: [".escript", ".erl"], commands: [["escript"]])],
        worker: Worker(
            file: "erlang.args", text: erlangSpare, command: ["erl"], options: ["-args_file"], isSpare: true),
        sets: [
            // Other applications come in by name: LayerFS/Closure/ErlangApplication.swift.
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

    /// Arguments of `erl`, those of escript itself among them; the script's path comes behind them. Between the quotes
    /// there may be neither a backslash nor another quote.
    private static let erlangSpare = #"""
        # Waits for an event, and does then what escript does with the function's script. See docs/launchers.md.
        +B -boot no_dot_erlang -noshell -eval '
          Port = open_port({fd, 3, 4}, [binary, eof, {line, 4096}]),
          Words = fun(Text) -> string:lexemes(Text, " ,") end,
          [case code:ensure_loaded(list_to_atom(Name)) of
             {module, _} -> ok;
             {error, Reason} -> io:format(standard_error, "SCAR_PRELOAD: there is no module ~s: ~p~n", [Name, Reason])
           end || Name <- Words(os:getenv("SCAR_PRELOAD", ""))],
          port_command(Port, ["ready", 10]),
          receive
            {Port, {data, {eol, Line}}} ->
              port_close(Port),
              [_, File] = binary:split(Line, <<" ">>),
              {ok, Request} = file:read_file(File),
              [Folder, Script | Variables] = lists:droplast(binary:split(Request, <<0>>, [global])),
              Text = fun(Bytes) ->
                case file:native_name_encoding() of
                  latin1 -> binary_to_list(Bytes);
                  utf8 -> unicode:characters_to_list(Bytes)
                end
              end,
              [case binary:split(Variable, <<"=">>) of
                 [Name, Value] ->
                   try os:putenv(Text(Name), Text(Value))
                   catch error:_ -> io:format(standard_error, "~s is left out: it is no UTF-8~n", [Name])
                   end
               end || Variable <- [<<"ESCRIPT_NAME=", Script/binary>> | Variables]],
              ok = file:set_cwd(Folder),
              escript:start();
            {Port, eof} -> halt(0)
          end.
        ' --

        """#
}
