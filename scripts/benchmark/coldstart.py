"""A cold sandbox: how soon after its supervisor starts a function has its first output, and its answer."""

import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import zipfile

from cost import NotMeasured, need

INPUT, BUCKET = "clock.mp4", "videos"
FIRST = "frames/frame-0001.jpg"
# How the tree gets its files, and what SCAR_UNPACK says then.
WAYS = {"files while it runs": None, "all files first": "all"}


class Package:
    """A package as Lambda lays it out, and the bucket that its event is about."""

    def __init__(self, package, video, folder):
        self.task, self.storage = os.path.join(folder, "task"), os.path.join(folder, "storage")
        with zipfile.ZipFile(package) as archive:
            for entry in archive.infolist():
                os.chmod(archive.extract(entry, self.task), entry.external_attr >> 16 & 0o777)
        os.makedirs(os.path.join(self.storage, BUCKET, "in"))
        shutil.copy(video, os.path.join(self.storage, BUCKET, "in", INPUT))
        self.artifact = os.path.join(self.task, "artifact.squashfs")


def event():
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {
        "bucket": {"name": BUCKET}, "object": {"key": f"in/{INPUT}"}}}]}).encode()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a supervisor that is ended leaves its connection behind


class Runtime(http.server.BaseHTTPRequestHandler):
    """Gives one event, takes its answer, and never gives another."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        if server.asked.is_set():
            server.release.wait(60)
            return
        server.arrival = time.monotonic()
        server.asked.set()
        body = event()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "cold-start")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1e3) + 120_000))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        said = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.answer = time.monotonic()
        self.server.complaint = "" if self.path.endswith("/response") else said.decode(errors="replace")
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.answered.set()

    def log_message(self, *_):
        pass


def first_output(scratch, answered):
    """When the first output file was seen, looking every half a millisecond."""
    invocations = os.path.join(scratch, "scar", "invocations")
    while not answered.is_set():
        try:
            for name in os.listdir(invocations):
                if os.path.exists(os.path.join(invocations, name, "output", FIRST)):
                    return time.monotonic()
        except OSError:
            pass
        time.sleep(0.0005)
    return None


def peak(process):
    """The most memory that the supervisor had, without what it started. Its own parent is the cage."""
    children = f"/proc/{process}/task/{process}/children"
    with open(children) as stream:
        inner = stream.read().split()
    with open(f"/proc/{inner[0] if inner else process}/status") as stream:
        return next(int(line.split()[1]) * 1024 for line in stream if line.startswith("VmHWM"))


def run(package, folder, unpack):
    """One cold start: seconds from exec to the first output and to the answer, and the supervisor's peak memory."""
    need("bwrap")
    scratch = tempfile.mkdtemp(prefix="cold-start.", dir="/dev/shm")
    with open(package.artifact, "rb") as stream:  # Lambda has the package near; here it is in memory
        while stream.read(1 << 22):
            pass
    server = Server(("127.0.0.1", 0), Runtime)
    server.asked, server.answered, server.release = threading.Event(), threading.Event(), threading.Event()
    server.complaint = "no answer"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LAMBDA_TASK_ROOT": "/var/task",
                   "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}", "SCAR_LOCAL_STORAGE": "/mnt",
                   "AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_REGION": "us-east-1", "_HANDLER": "bench"}
    if unpack:
        environment["SCAR_UNPACK"] = unpack
    cage = ["bwrap", "--unshare-user", "--uid", "993", "--gid", "990", "--ro-bind", "/usr", "/usr", "--symlink",
            "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin", "--proc", "/proc",
            "--dev", "/dev", "--bind", scratch, "/tmp", "--ro-bind", package.task, "/var/task", "--bind",
            package.storage, "/mnt", "--die-with-parent", "/var/task/bootstrap"]
    with open(os.path.join(folder, "log"), "wb") as sink:
        started = time.monotonic()
        child = subprocess.Popen(cage, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    try:
        output = first_output(scratch, server.answered)
        if not server.answered.wait(120) or server.complaint or output is None:
            with open(os.path.join(folder, "log"), errors="replace") as stream:
                raise NotMeasured(f"{server.complaint} {stream.read()[-500:]}".strip())
        return {"asked": server.arrival - started, "first output": output - started,
                "answer": server.answer - started, "peak": peak(child.pid)}
    finally:
        child.kill()
        child.wait()
        server.release.set()
        server.shutdown()
        server.server_close()
        shutil.rmtree(scratch, ignore_errors=True)


def measure(package, folder, rounds):
    """Both ways, in turn, so that a machine's moods meet both."""
    found = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, unpack in WAYS.items():
            found[way].append(run(package, folder, unpack))
    return found
