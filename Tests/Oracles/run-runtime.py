"""Puts a runtime's image and a function's zip together as Lambda does, and calls the function.

Usage: run-runtime.py FOLDER LAYOUT ZIP RIE EVENT

The image becomes the root of a cage, the zip /var/task; the image's own entry point is started under AWS's Runtime Interface
Emulator, in a file system that can only be read but for /tmp. Prints the answer to the event.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile

FOLDER, LAYOUT, ZIP, RIE, EVENT = sys.argv[1:]


def blob(descriptor):
    return pathlib.Path(LAYOUT, "blobs", *descriptor["digest"].split(":"))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def unpack():
    index = json.loads(pathlib.Path(LAYOUT, "index.json").read_bytes())
    manifest = json.loads(blob(index["manifests"][0]).read_bytes())
    root, task = pathlib.Path(FOLDER, "root"), pathlib.Path(FOLDER, "task")
    root.mkdir()
    for layer in manifest["layers"]:
        subprocess.run(["tar", "-xpf", blob(layer), "-C", root, "--exclude=dev/*", "--exclude=./dev/*"], check=True)
    for folder in ("proc", "dev", "tmp", "mnt"):
        root.joinpath(folder).mkdir(exist_ok=True)
    root.joinpath("mnt/rie").touch()
    with zipfile.ZipFile(ZIP) as archive:
        for entry in archive.infolist():
            path = pathlib.Path(archive.extract(entry, task))
            if not entry.is_dir():
                path.chmod(entry.external_attr >> 16 & 0o777)
    return root, task, json.loads(blob(manifest["config"]).read_bytes())["config"]


def main():
    root, task, config = unpack()
    port = free_port()
    variables = dict(text.split("=", 1) for text in config["Env"]) | {
        "AWS_LAMBDA_FUNCTION_NAME": "caged", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_REGION": "eu-west-1"}
    cage = [
        "bwrap", "--unshare-user", "--uid", "993", "--gid", "990", "--unshare-pid", "--unshare-ipc", "--die-with-parent",
        "--ro-bind", root, "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--ro-bind", task, "/var/task",
        "--ro-bind", RIE, "/mnt/rie", "--chdir", config["WorkingDir"], "--clearenv",
    ]
    for name, value in variables.items():
        cage += ["--setenv", name, value]
    words = [
        "/mnt/rie", "--runtime-interface-emulator-address", f"127.0.0.1:{port}", "--runtime-api-address",
        f"127.0.0.1:{free_port()}", *config["Entrypoint"],
    ]
    log = pathlib.Path(FOLDER, "log")
    with open(log, "wb") as output:
        process = subprocess.Popen([*map(os.fspath, cage), *words], stdout=output, stderr=output)
    try:
        address = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        while True:
            try:
                with urllib.request.urlopen(address, EVENT.encode(), timeout=120) as answer:
                    return print(answer.read().decode())
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError) or process.poll() is not None:
                    raise SystemExit(f"{error}\n" + log.read_text(errors="replace"))
                time.sleep(0.05)
    finally:
        process.kill()
        process.wait()


main()
