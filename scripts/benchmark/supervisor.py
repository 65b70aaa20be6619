"""The supervisor: how soon it asks for work, and how little it needs while it waits."""

import http.server
import json
import os
import shutil
import subprocess
import threading
import time

from cost import NotMeasured


def start(supervisor, work):
    """Seconds from exec to the first GET …/next, and the resident bytes while it waits for the answer."""
    asked, release = threading.Event(), threading.Event()

    class Runtime(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path.endswith("/runtime/invocation/next"):
                self.server.arrival = time.monotonic()
                asked.set()
                release.wait(10)  # no event ever comes: the supervisor is idle

        def do_POST(self):
            # An initialisation error, which would otherwise pass for silence.
            self.server.complaint = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    task = os.path.join(work, "task")
    os.makedirs(task, exist_ok=True)
    with open(os.path.join(task, "launch.json"), "w") as stream:
        json.dump({"version": 1, "name": "bench", "root": "/", "command": ["true"], "environment": [], "path": [],
                   "timeoutThreshold": 0, "inputs": [], "outputs": []}, stream)
    shutil.copy(supervisor, os.path.join(task, "bootstrap"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
    server.daemon_threads = True
    server.complaint = ""
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LAMBDA_TASK_ROOT": task,
                   "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
                   "AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                   "AWS_REGION": "us-east-1", "_HANDLER": "bench"}
    with open(os.path.join(work, "log"), "wb") as sink:
        started = time.monotonic()
        child = subprocess.Popen([os.path.join(task, "bootstrap")], env=environment, cwd=task, stdin=subprocess.DEVNULL,
                                 stdout=sink, stderr=sink)
    try:
        if not asked.wait(5):
            with open(os.path.join(work, "log"), errors="replace") as stream:
                raise RuntimeError(f"no request within 5 s. {server.complaint} {stream.read()[-500:]}".strip())
        time.sleep(0.05)
        with open(f"/proc/{child.pid}/status") as stream:
            resident = next(int(line.split()[1]) * 1024 for line in stream if line.startswith("VmRSS"))
        return server.arrival - started, resident
    finally:
        child.kill()
        child.wait()
        release.set()
        server.shutdown()
        server.server_close()


def measure(supervisor, work):
    try:
        runs = [start(supervisor, work) for _ in range(21)][1:]  # the first one fills the page cache
    except (RuntimeError, OSError, StopIteration) as error:
        raise NotMeasured(str(error) or type(error).__name__) from error
    return {"start": [run[0] for run in runs], "resident": [run[1] for run in runs],
            "size": os.path.getsize(supervisor)}
