extension Launcher {
    static let python = Launcher(
        name: "python", programs: ["python3", "python"],
        companions: ["pip", "pip3", "ipython", "pypy", "uvicorn", "gunicorn", "flask", "jupyter"],
        variables: ["PYTHON_VERSION", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_DIR"],
        scripts: [ScriptKind(suffixes: [".py"], commands: [["python3"], ["python"]])],
        worker: Worker(file: "python.py", text: pythonWorker),
        sets: [
            FileSet(
                "python", "Python's modules", when: ["**/bin/python3*", "**/libpython3*.so*"],
                ["usr/lib/python3*/**", "usr/local/lib/python3*/**", "usr/lib/pypy3*/**", "opt/conda/lib/**"],
                except: ["**/python3.*/config-*/**", "**/python3.*/test/**"])
        ])

    /// The child returns from the loop, and the script becomes the main module itself.
    private static let pythonWorker = #"""
        # Runs the function's script once for each request, in a fork of this process. See docs/launchers.md.
        from importlib import import_module
        from re import split

        os, signal, sys = map(import_module, ("os", "signal", "sys"))


        def serve():
            requests = os.fdopen(3, "rb")
            answers = os.fdopen(4, "wb", buffering=0)
            os.set_inheritable(3, False)
            os.set_inheritable(4, False)
            for module in split(r"[\s,]+", os.environ.get("SCAR_PRELOAD", "")):
                try:
                    module and import_module(module)
                except ImportError as error:
                    print("SCAR_PRELOAD:", error, file=sys.stderr, flush=True)
            # The request's time being up is the script's affair, not ours.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            answers.write(b"ready\n")
            for line in requests:
                identifier, file = line.rstrip(b"\n").split(b" ", 1)
                with open(file, "rb") as request:
                    folder, script, *variables = request.read().split(b"\0")[:-1]
                child = os.fork()
                if child == 0:
                    signal.signal(signal.SIGTERM, signal.SIG_DFL)
                    requests.close()
                    answers.close()
                    for variable in variables:
                        name, value = variable.split(b"=", 1)
                        os.environb[name] = value
                    os.chdir(folder)
                    return os.fsdecode(script)
                _, status = os.waitpid(child, 0)
                if os.WIFSIGNALED(status):
                    answer = b"signal %s %d\n" % (identifier, os.WTERMSIG(status))
                else:
                    answer = b"exit %s %d\n" % (identifier, os.WEXITSTATUS(status))
                answers.write(answer)


        def run(script):
            sys.argv = [script]
            sys.path[0] = os.path.dirname(script)
            with open(script, "rb") as file:
                code = compile(file.read(), script, "exec", dont_inherit=True)
            names = globals()
            for name in [name for name in names if not name.startswith("__")]:
                del names[name]
            names["__file__"] = script
            exec(code, names)


        script = serve()
        if script is not None:
            run(script)

        """#
}
