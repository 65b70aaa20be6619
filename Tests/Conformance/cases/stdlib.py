# A named part of Python's own tests, result by result. Each runs in a folder of its own in /tmp.
#: trees: python
#: results: lines
#: limit: 900
#: run: /usr/bin/python3 python3 -B -W ignore {file}
import os, sys, unittest
from test import support
support.use_resources = []
sys.argv[1:] = []

def main(*names):
    """Runs test modules and prints one line for each test: its id, a tab, and how it ended."""
    class Result(unittest.TestResult):
        def done(self, test, how): print(f"{test.id()}\t{how}", file=out)
        def addSuccess(self, test): self.done(test, "passed")
        def addError(self, test, error): self.done(test, f"error {error[0].__name__}"); self.say(error)
        def addFailure(self, test, error): self.done(test, "failed"); self.say(error)
        def addSkip(self, test, reason): self.done(test, "skipped")
        def addExpectedFailure(self, test, error): self.done(test, "expected failure")
        def addUnexpectedSuccess(self, test): self.done(test, "unexpected success")
        def say(self, error): print(error[1], file=sys.stderr)
    out = os.fdopen(os.dup(1), "w"); os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    os.makedirs("/tmp/tests"); os.chdir("/tmp/tests")
    for name in names:
        try: suite = unittest.defaultTestLoader.loadTestsFromName("test." + name)
        except unittest.SkipTest: print(f"{name}\tskipped", file=out); continue
        suite.run(Result())
    out.flush()
    os._exit(0)
### os
main("test_os", "test_posix")
### paths
main("test_posixpath", "test_genericpath", "test_glob", "test_fnmatch", "test_pathlib", "test_stat")
### files
main("test_shutil", "test_tempfile", "test_fileinput", "test_filecmp", "test_linecache", "test_mmap", "test_tarfile", "test_dbm_dumb")
### fileio
main("test_fileio", "test_file", "test_largefile", "test_bufio", "test_univnewlines")
### subprocess
main("test_subprocess", "test_popen", "test_posix")
### imports
main("test_zipimport", "test_runpy", "test_pkgutil", "test_modulefinder", "test_py_compile", "test_compileall", "test_zipapp")
### users_and_locales
main("test_pwd", "test_grp", "test_locale", "test_gettext", "test_time", "test_getpass")
### sockets
main("test_socketserver", "test_selectors")
### programs
main("test_cmd_line", "test_cmd_line_script", "test_site", "test_sysconfig", "test_venv")
