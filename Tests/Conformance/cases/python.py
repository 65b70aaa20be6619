# What programs in Python do.
#: trees: python
import os, sys, subprocess, tempfile, shutil, glob
D = "/usr/share/conformance"
### where_it_is
print(sys.executable, sys.prefix, sys.exec_prefix, sys.path, sys.argv, os.__file__, __file__)
import sysconfig, site; print(sysconfig.get_paths(), site.getsitepackages(), sysconfig.get_config_var("LIBDIR"))
### files
print(open(D + "/file").read(), os.stat(D + "/file").st_size, os.path.realpath(D + "/absolute-link"), os.path.exists("/etc/conformance-only-on-host"))
print(sorted(os.listdir("/")), sorted(e.name for e in os.scandir(D + "/folder")), [(a, sorted(b), sorted(c)) for a, b, c in os.walk(D + "/folder")])
os.makedirs("/desk/a/b"); shutil.copytree(D + "/folder", "/desk/c", symlinks=True); print(sorted(os.listdir("/desk/c"))); os.symlink(D, "/desk/l"); print(os.readlink("/desk/l")); shutil.rmtree("/desk/a"); os.rename("/desk/c", "/desk/d"); shutil.rmtree("/desk/d")
for call in (lambda: open("/no/such"), lambda: os.stat("/etc/conformance-only-on-host"), lambda: os.listdir(D + "/file"), lambda: os.rmdir("/desk/none")):
    try: call()
    except OSError as e: print(e)
### working_folder
os.chdir(D); print(os.getcwd()); os.chdir("/"); os.chdir(".."); print(os.getcwd(), os.path.abspath("../x")); fd = os.open(D, os.O_RDONLY); os.fchdir(fd); print(os.getcwd(), sorted(os.listdir(fd))[:3], os.stat("file", dir_fd=fd).st_size, os.readlink("relative-link", dir_fd=fd))
### pathlib
from pathlib import Path
p = Path(D); print(sorted(map(str, p.glob("f*"))), sorted(map(str, p.joinpath("folder").rglob("*"))), p.joinpath("absolute-link").resolve(), Path("/usr/../..").resolve(), p.owner(), Path("/desk").group(), Path.cwd(), Path("/desk/x").write_text("x"), Path("/bin/sh").resolve().exists())
### subprocesses
print(subprocess.run(["cat", D + "/file"], capture_output=True)); print(subprocess.check_output("pwd; echo $0; cat " + D + "/file", shell=True, cwd=D)); print(subprocess.run([D + "/script", "a"], capture_output=True, env={}).stdout, subprocess.run(["sh", "-c", "exit 3"]).returncode, subprocess.run([sys.executable, "-c", "import sys; print(sys.executable, sys.path)"], capture_output=True, text=True, cwd="/").stdout)
for command in (["/no/such"], [D + "/script-missing"], [D + "/file"]):
    try: subprocess.run(command)
    except OSError as e: print(type(e).__name__, e.errno, e.filename)
print(subprocess.run(["env"], env={"A": "1"}, capture_output=True).stdout.count(b"SCAR"), os.popen("echo popen").read(), os.system("exit 4") >> 8, os.spawnv(os.P_WAIT, "/bin/true", ["true"]), os.waitpid(os.posix_spawn(D + "/script", ["n"], {}), 0)[1])
print(subprocess.run([sys.executable, "-c", "print(1)"], close_fds=True, start_new_session=True, preexec_fn=lambda: None, capture_output=True))
### fork_and_exec
sys.stdout.flush(); pid = os.fork()
if not pid: os.execvpe("sh", ["sh", "-c", "echo $A; cat " + D + "/file"], {"A": "1", "PATH": "/usr/bin"})
print(os.waitpid(pid, 0)[1]); pid = os.fork()
if not pid: os.execve(os.open("/bin/echo", os.O_RDONLY), ["echo", "by descriptor"], {})
print(os.waitpid(pid, 0)[1])
### multiprocessing limit=120
import multiprocessing
def size(path): return os.stat(path).st_size
if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool: print(method, pool.map(size, [D + "/file"] * 4))
    from multiprocessing import shared_memory; m = shared_memory.SharedMemory(create=True, size=10); m.buf[0] = 7; print(m.buf[0]); m.close(); m.unlink()
### threads
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(16) as pool: print(set(pool.map(lambda i: (os.stat(D + "/file").st_size, open(D + "/file").read(), os.path.realpath(D + "/absolute-link"), subprocess.run([D + "/script", str(i % 2)], capture_output=True).returncode), range(100))))
### sqlite
import sqlite3
with sqlite3.connect("/desk/data.db") as c: c.execute("create table t (x)"); c.executemany("insert into t values (?)", [(i,) for i in range(100)]); c.commit(); print(c.execute("select sum(x) from t").fetchone())
print(sqlite3.connect("file:/desk/data.db?mode=ro", uri=True).execute("select count(*) from t").fetchone()); c = sqlite3.connect("/desk/data.db"); print(c.execute("pragma database_list").fetchall(), c.execute("pragma journal_mode=wal").fetchall()); c.close(); os.unlink("/desk/data.db")
### ssl
import ssl; print(ssl.get_default_verify_paths(), len(ssl.create_default_context().get_ca_certs()), ssl.OPENSSL_VERSION)
### tempfile
print(tempfile.gettempdir()); f = tempfile.NamedTemporaryFile(dir="/desk"); print(os.path.dirname(f.name), os.path.exists(f.name)); d = tempfile.TemporaryDirectory(); print(d.name.startswith("/tmp/")); t = tempfile.TemporaryFile(dir="/desk"); t.write(b"x"); s = tempfile.SpooledTemporaryFile(); os.environ["TMPDIR"] = "/desk"; tempfile.tempdir = None; print(tempfile.gettempdir())
### zoneinfo
import zoneinfo, datetime, time; print(datetime.datetime.fromtimestamp(1700000000, zoneinfo.ZoneInfo("Europe/Berlin")), len(zoneinfo.available_timezones()) > 300, zoneinfo.TZPATH); os.environ["TZ"] = "Asia/Kolkata"; time.tzset(); print(time.strftime("%c %Z", time.localtime(1700000000)))
### locale_and_codecs
import locale; print(locale.setlocale(locale.LC_ALL, "de_DE.UTF-8"), locale.localeconv()["decimal_point"], locale.format_string("%.2f", 1234.5), "日".encode("euc-jp"), sys.getfilesystemencoding(), locale.getpreferredencoding())
import gettext; print(gettext.translation("conformance", "/usr/share/locale", ["de"]).gettext("Good morning"), gettext.find("conformance", languages=["de"])); locale.bindtextdomain("conformance", "/usr/share/locale"); os.environ["LANGUAGE"] = "de"; print(locale.dgettext("conformance", "Good morning"))
### users
import pwd, grp, getpass; print(pwd.getpwnam("conformance"), pwd.getpwuid(993).pw_name, len(pwd.getpwall()), grp.getgrnam("helpers"), len(grp.getgrall()), getpass.getuser(), os.path.expanduser("~conformance"), os.getgrouplist("conformance", 4321))
### sockets
import socket; s = socket.socket(socket.AF_UNIX); s.bind("/desk/s"); s.listen(); c = socket.socket(socket.AF_UNIX); c.connect("/desk/s"); a, _ = s.accept(); c.send(b"x"); print(a.recv(1), s.getsockname(), c.getpeername(), c.getsockname()); print(socket.getaddrinfo("localhost", 80, socket.AF_INET, socket.SOCK_STREAM), socket.gethostname()); t = socket.create_server(("127.0.0.1", 0)); print(t.getsockname()[0])
### ctypes_and_extensions
import ctypes, ctypes.util; print(ctypes.CDLL("libc.so.6").getuid(), ctypes.CDLL(D + "/plugins/libplug.so").plug_name is not None, ctypes.CDLL(None).access(D.encode() + b"/file", 4)); import _ctypes, lzma, bz2, readline, curses; print(lzma.__file__, _ctypes.__file__)
### find_library
import ctypes.util; print(ctypes.util.find_library("c"), ctypes.util.find_library("sqlite3"), ctypes.util.find_library("nothing"))
### load_error
import ctypes
try: ctypes.CDLL("/no/such.so")
except OSError as e: print(e)
### numpy limit=120
import numpy; print(numpy.__version__, numpy.__file__, numpy.linalg.inv([[2.0, 0], [0, 4]]).tolist()); numpy.save("/desk/a.npy", numpy.arange(5)); print(numpy.load("/desk/a.npy", mmap_mode="r").sum(), numpy.fft.fft([1, 0]).real.tolist())
### odd_names
for name in (b"new\nline", b"\xff\xfe", b"a b", b"x" * 255): open(b"/desk/" + name, "w").close()
print(sorted(os.listdir(b"/desk")), sorted(os.listdir("/desk"))[0])
### mmap_and_xattr
import mmap; f = open("/desk/m", "w+b"); f.write(b"x" * 4096); f.flush(); m = mmap.mmap(f.fileno(), 0); m[0:1] = b"y"; m.flush(); print(open("/desk/m", "rb").read(2))
try: os.setxattr("/desk/m", "user.x", b"1"); print(os.listxattr("/desk/m"), os.getxattr("/desk/m", "user.x"))
except OSError as e: print(e)
print(os.statvfs("/desk").f_namemax, os.pathconf("/desk", "PC_NAME_MAX"), os.access("/desk", os.W_OK), os.utime("/desk/m", (1, 2)), os.stat("/desk/m").st_mtime, os.truncate("/desk/m", 3), os.mkfifo("/desk/f"), os.chmod("/desk/m", 0o600), os.link("/desk/m", "/desk/m2"))
try: os.chown("/desk/m", 0, 0)
except OSError as e: print(e)
### zip_and_imports
import zipfile, importlib; z = zipfile.ZipFile("/desk/z.zip", "w"); z.writestr("inzip.py", "print(__file__)"); z.close(); sys.path.insert(0, "/desk/z.zip"); import inzip; os.unlink("/desk/z.zip"); os.makedirs("/desk/p"); open("/desk/p/__init__.py", "w").write("print(__path__, __file__)"); sys.path.insert(0, "/desk"); import p; import json.tool, xml.dom.minidom, unittest, asyncio; print(json.__file__, importlib.util.find_spec("email").origin)
### asyncio
import asyncio
async def main():
    p = await asyncio.create_subprocess_exec("cat", D + "/file", stdout=-1); print(await p.communicate()); p = await asyncio.create_subprocess_shell("echo $0; exit 3"); print(await p.wait()); s = await asyncio.start_unix_server(lambda r, w: (w.write(b"hi"), w.close()), "/desk/s"); r, w = await asyncio.open_unix_connection("/desk/s"); print(await r.read(), w.get_extra_info("peername")); s.close()
asyncio.run(main())
### venv limit=180
subprocess.run([sys.executable, "-m", "venv", "--without-pip", "/desk/v"], check=True); print(subprocess.run(["/desk/v/bin/python", "-c", "import sys; print(sys.prefix, sys.base_prefix, sys.executable, sys.path)"], capture_output=True, text=True)); print(open("/desk/v/pyvenv.cfg").read(), os.readlink("/desk/v/bin/python3"), subprocess.run(["sh", "-c", ". /desk/v/bin/activate; command -v python; python -c 'import sys; print(sys.prefix)'"], capture_output=True, text=True)); shutil.rmtree("/desk/v")
### compileall
os.makedirs("/desk/m"); open("/desk/m/a.py", "w").write("x = 1\n"); os.utime("/desk/m/a.py", (1000, 1000)); import compileall, py_compile, marshal; print(py_compile.compile("/desk/m/a.py")); code = marshal.loads(open("/desk/m/__pycache__/a.cpython-311.pyc", "rb").read()[16:]); print(code.co_filename); import traceback
try: exec(compile("1/0", "/desk/m/b.py", "exec"))
except ZeroDivisionError: traceback.print_exc(file=sys.stdout)
### signals_and_pipes
import signal; signal.signal(signal.SIGUSR1, lambda *a: print(open(D + "/file").read())); os.kill(os.getpid(), signal.SIGUSR1); r, w = os.pipe(); os.write(w, b"x"); print(os.read(r, 1), os.path.realpath("/proc/self/exe"), os.readlink("/proc/self/exe"), os.readlink("/proc/self/cwd"))
### process_tree
import time; p = subprocess.Popen(["sleep", "5"]); time.sleep(0.5); print(os.readlink(f"/proc/{p.pid}/cwd"), open(f"/proc/{p.pid}/comm").read(), open(f"/proc/{p.pid}/cmdline").read().replace("\0", "|")); p.kill(); print(p.wait())
### shutil_and_glob
print(shutil.which("ls"), shutil.which("sh", path="/bin"), sorted(glob.glob(D + "/folder/**/l*", recursive=True)), glob.glob("/us*"), shutil.disk_usage("/").total > 0); shutil.make_archive("/desk/x", "tar", D + "/folder"); shutil.unpack_archive("/desk/x.tar", "/desk/y"); print(sorted(os.listdir("/desk/y"))); os.unlink("/desk/x.tar"); shutil.copy2(D + "/file", "/desk/z"); shutil.move("/desk/z", "/tmp/z"); print(os.path.samefile("/usr/bin", "/bin"), os.path.ismount("/proc"), os.path.ismount("/usr"))
