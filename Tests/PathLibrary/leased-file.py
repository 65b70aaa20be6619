"""A file that the kernel keeps others from for a while, as it does with files of an image that are still being unpacked.

Prints what a program saw that opened it without wanting to wait: with the path library it is what the file holds at last.
"""
import fcntl, os, signal, subprocess, sys, tempfile, time

library, interpreter = sys.argv[1], os.path.realpath(sys.executable)
PROGRAM = """
import os, sys
for name in ("file", "script"):
    try:
        print(os.read(os.open("/" + name, os.O_RDONLY | os.O_NONBLOCK), 99))
    except BlockingIOError:
        print("refused")
print(os.spawnv(os.P_WAIT, "/script", ["script"]))
"""


def hold(path, mode):
    file = os.open(path, os.O_WRONLY | os.O_CREAT, mode)
    os.ftruncate(file, 40)
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    return file


signal.signal(signal.SIGIO, signal.SIG_IGN)
with tempfile.TemporaryDirectory(dir="/var/tmp") as root:
    contents = {"file": b"the bytes", "script": b"#!/bin/sh\nexit 7\n"}
    held = {name: hold(os.path.join(root, name), 0o755) for name in contents}
    child = subprocess.Popen(
        [interpreter, "-c", PROGRAM], stdout=subprocess.PIPE,
        env={"LD_PRELOAD": library, "SCAR_PATH_ROOT": root, "SCAR_PATH_LIBRARY": library, "SCAR_PATH_FOLDERS": "",
             "SCAR_PATH_LOADER": "", "SCAR_PATH_HOST": "/usr:/bin:/lib:/lib64:/root:/etc"})
    time.sleep(0.5)
    for name, file in held.items():
        os.write(file, contents[name])
        os.ftruncate(file, len(contents[name]))
        os.close(file)
    print(child.communicate(timeout=30)[0].decode(), end="")
