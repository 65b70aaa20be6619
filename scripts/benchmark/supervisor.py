"""The supervisor: how soon it asks for work, how little it needs while it waits, and what it adds to a program's time."""

import json
import os
import shutil
import socket
import subprocess
import time

from cost import NotMeasured

SPAWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spawn.c")
PROGRAM = "/bin/true"
STARTS, EVENTS = 20, 400


class Runtime:
    """Lambda's side, for one supervisor: sockets alone, as a server's own time would count."""

    def __init__(self, supervisor, work):
        task = os.path.join(work, "task")
        os.makedirs(task, exist_ok=True)
        with open(os.path.join(task, "launch.json"), "w") as stream:
            json.dump({"version": 1, "name": "bench", "root": "/", "command": [PROGRAM], "environment": [],
                       "timeoutThreshold": 0, "inputs": [], "outputs": []}, stream)
        shutil.copy(supervisor, os.path.join(task, "bootstrap"))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(5)
        self.log = os.path.join(work, "log")
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LAMBDA_TASK_ROOT": task,
                       "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.listener.getsockname()[1]}",
                       "AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                       "AWS_REGION": "us-east-1", "_HANDLER": "bench", "SCAR_SCRATCH": os.path.join(work, "scratch")}
        with open(self.log, "wb") as sink:
            self.started = time.monotonic()
            self.child = subprocess.Popen([os.path.join(task, "bootstrap")], env=environment, cwd=task,
                                          stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)

    def __enter__(self):
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(5)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.expect(b"GET ", "/next")
        self.arrival = time.monotonic()
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.connection.close()
        self.listener.close()

    def expect(self, method, end):
        """Reads one request."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.more()
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        while len(body) < length:
            body += self.more()
        if not lines[0].encode().startswith(method) or not lines[0].split()[1].endswith(end):
            raise RuntimeError(f"{lines[0]} {body[-500:].decode(errors='replace')}")

    def more(self):
        piece = self.connection.recv(1 << 16)
        if not piece:
            with open(self.log, errors="replace") as stream:
                raise RuntimeError(f"the supervisor hung up. {stream.read()[-500:]}")
        return piece

    def answer(self, head, body=b""):
        self.connection.sendall(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    def resident(self):
        with open(f"/proc/{self.child.pid}/status") as stream:
            return next(int(line.split()[1]) * 1024 for line in stream if line.startswith("VmRSS"))

    def handle(self, number):
        """Seconds from an event to its answer."""
        began = time.monotonic()
        self.answer(f"200 OK\r\nLambda-Runtime-Aws-Request-Id: e-{number}\r\n"
                    f"Lambda-Runtime-Deadline-Ms: {int((time.time() + 60) * 1e3)}", b"{}")
        self.expect(b"POST ", "/response")
        took = time.monotonic() - began
        self.answer("202 Accepted")
        self.expect(b"GET ", "/next")
        return took


def start(supervisor, work):
    """Seconds from exec to the first GET …/next, and the resident bytes while it waits for the answer."""
    with Runtime(supervisor, work) as runtime:
        time.sleep(0.05)
        return runtime.arrival - runtime.started, runtime.resident()


def handle(supervisor, work):
    """Seconds that each of many events takes in a warm sandbox, and the resident bytes after them."""
    with Runtime(supervisor, work) as runtime:
        times = [runtime.handle(number) for number in range(EVENTS)]
        return times, runtime.resident()


def spawn(work):
    """Seconds that the program alone takes, each time."""
    program = os.path.join(work, "spawn")
    subprocess.run(["gcc", "-O2", "-o", program, SPAWN], check=True)
    lines = subprocess.run([program, str(EVENTS), PROGRAM], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [int(line) / 1e9 for line in lines.split()]


def measure(supervisor, work):
    try:
        runs = [start(supervisor, work) for _ in range(STARTS + 1)][1:]  # the first one fills the page cache
        events, resident = handle(supervisor, work)
        return {"start": [run[0] for run in runs], "resident": [run[1] for run in runs],
                "size": os.path.getsize(supervisor), "event": events, "process": spawn(work), "warm": resident}
    except (RuntimeError, OSError, StopIteration, subprocess.CalledProcessError) as error:
        raise NotMeasured(str(error) or type(error).__name__) from error
