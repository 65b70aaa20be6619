#!/usr/bin/env escript
%% The prime factors of numbers, each worked out by a process of its own.
%%
%% In:  $INPUT_FILE_PATH               whole numbers above 1, one a line
%% Out: $TMP_OUTPUT_DIR/factors.txt    NUMBER = FACTOR * FACTOR …, in the order of the input

main(_) ->
    Input = variable("INPUT_FILE_PATH", "this function wants a file of numbers, uploaded to its input bucket"),
    Output = variable("TMP_OUTPUT_DIR", "it names the folder that is uploaded"),
    {ok, Text} = file:read_file(Input),
    Numbers = [number(Line) || Line <- string:lexemes(Text, [$\s, $\t, $\n, [$\r, $\n]])],
    Numbers =/= [] orelse stop("there is no number in ~ts", [filename:basename(Input)]),

    Self = self(),
    Workers = [spawn_link(fun() -> Self ! {self(), factors(Number, 2)} end) || Number <- Numbers],
    %% Answers come as they are ready; receiving by worker brings them back into order.
    Answers = [receive {Worker, Factors} -> Factors end || Worker <- Workers],

    Lines = [io_lib:format("~b = ~ts~n", [Number, lists:join(" * ", [integer_to_list(F) || F <- Factors])])
             || {Number, Factors} <- lists:zip(Numbers, Answers)],
    ok = file:write_file(filename:join(Output, "factors.txt"), Lines),
    io:format("~b numbers, ~b of them prime~n", [length(Numbers), length([1 || [_] <- Answers])]).

variable(Name, Meaning) ->
    case os:getenv(Name) of
        Value when Value =:= false; Value =:= "" -> stop("~ts is not set: ~ts", [Name, Meaning]);
        Value -> Value
    end.

number(Text) ->
    try binary_to_integer(Text) of
        Number when Number > 1 -> Number;
        _ -> stop("~ts is not above 1", [Text])
    catch
        error:badarg -> stop("'~ts' is no whole number", [Text])
    end.

factors(Number, Least) when Least * Least > Number -> [Number];
factors(Number, Least) when Number rem Least =:= 0, Number =:= Least -> [Least];
factors(Number, Least) when Number rem Least =:= 0 -> [Least | factors(Number div Least, Least)];
factors(Number, 2) -> factors(Number, 3);
factors(Number, Least) -> factors(Number, Least + 2).

-spec stop(string(), [term()]) -> no_return().
stop(Format, Values) ->
    io:format(standard_error, Format ++ "~n", Values),
    halt(1).
