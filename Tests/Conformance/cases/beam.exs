# What programs in Elixir and Erlang do.
#: trees: elixir
#: limit: 120
### where_it_is
IO.inspect([:code.root_dir(), :code.lib_dir(:kernel), :code.lib_dir(:elixir), System.cwd!(), __ENV__.file]); IO.inspect(:init.get_argument(:root)); IO.puts(System.find_executable("ls"))
### files
d = "/usr/share/conformance"; IO.inspect([File.read!(d <> "/file"), File.stat!(d <> "/file").size, File.exists?("/etc/conformance-only-on-host"), Enum.sort(File.ls!(d <> "/folder")), File.read_link(d <> "/relative-link"), Enum.sort(Path.wildcard(d <> "/f*")), File.lstat!(d <> "/absolute-link").type, File.read("/no/such")]); File.write!("/desk/a", "x"); File.rename!("/desk/a", "/desk/b"); File.ln_s!(d, "/desk/l"); IO.inspect(File.read_link("/desk/l")); File.mkdir_p!("/desk/x/y"); File.cp_r!(d <> "/folder", "/desk/x/f"); File.rm_rf!("/desk/x"); File.cd!("/"); File.cd!(".."); IO.inspect(File.cwd!()); File.cd!(d); IO.inspect({File.cwd!(), Path.expand("../x")})
### programs
IO.inspect(System.cmd("cat", ["/usr/share/conformance/file"])); IO.inspect(System.cmd("/usr/share/conformance/script", ["a", "b"], cd: "/usr", env: [{"A", "1"}])); IO.inspect(:os.cmd('pwd; cat /usr/share/conformance/file; echo $0')); IO.inspect(System.shell("exit 3")); try do System.cmd("/no/such", []) rescue e -> IO.inspect(e) end; port = Port.open({:spawn_executable, "/usr/share/conformance/script-env"}, [:binary, :exit_status, args: ["x"]]); receive do {^port, {:data, x}} -> IO.inspect(x) end; IO.inspect(System.get_env() |> Map.keys() |> Enum.filter(&(String.starts_with?(&1, "SCAR") or String.starts_with?(&1, "LD_"))))
### code
Code.eval_string("IO.puts(1 + 1)"); defmodule M do def f, do: __ENV__.file end; IO.inspect(M.f()); IO.inspect(Code.ensure_loaded?(Logger)); IO.inspect(:crypto.hash(:sha256, "x") |> Base.encode16()); IO.inspect(:filelib.is_dir('/usr/lib')); IO.inspect(length(:application.which_applications()) > 2)
### compile
File.mkdir_p!("/desk/c"); File.write!("/desk/c/m.ex", "defmodule C.M do\n def g, do: 42\nend"); {:ok, modules, _} = Kernel.ParallelCompiler.compile_to_path(["/desk/c/m.ex"], "/desk/c"); IO.inspect(modules); File.rm_rf!("/desk/c")
### sockets
{:ok, s} = :gen_tcp.listen(0, [:local, ifaddr: {:local, "/desk/s"}]); IO.inspect(:inet.sockname(s)); {:ok, _c} = :gen_tcp.connect({:local, "/desk/s"}, 0, [:local]); IO.inspect(:inet.gethostbyname('localhost')); IO.inspect(:inet.gethostname())
### erl
IO.inspect(System.cmd("erl", ["-noshell", "-eval", "io:format(\"~s ~p~n\", [code:root_dir(), file:get_cwd()]), io:format(\"~s\", [os:cmd(\"cat /usr/share/conformance/file\")]), halt(3)."])); File.write!("/tmp/e", "#!/usr/bin/env escript\nmain(A) -> io:format(\"~p ~s~n\", [A, os:cmd(\"pwd\")]).\n"); File.chmod!("/tmp/e", 0o755); IO.inspect(System.cmd("/tmp/e", ["x"]))
