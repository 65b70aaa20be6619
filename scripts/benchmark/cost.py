"""Running a command and saying what it cost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from typing import NamedTuple


class NotMeasured(Exception):
    """Why a row has no figures: a tool is missing, a command failed, the disk is too small."""


class Cost(NamedTuple):
    """Seconds, seconds, bytes of the largest process, bytes of the result."""

    wall: float
    cpu: float
    rss: int
    size: int = 0

    def __add__(self, other):
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.rss, other.rss), other.size)


def say(text):
    print(text, file=sys.stderr, flush=True)


def mb(size):
    return f"{size / 1e6:.1f}" if size < 1e8 else f"{size / 1e6:.0f}"


def remove(*paths):
    for path in paths:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
            if os.path.isdir(path):  # umoci keeps folders' modes, and some are not writable for their owner
                subprocess.run(["chmod", "-R", "u+rwX", "--", path], check=False)
                shutil.rmtree(path, ignore_errors=True)
        elif os.path.lexists(path):
            os.remove(path)


def settle():
    os.sync()  # what one side wrote is not written back at the other's expense


def need(*tools):
    """The tools must be there: Debian's names for them are scripts/setup's business."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        raise NotMeasured(f"no {', '.join(missing)} here; run scripts/setup bench")


# Starts the command in a fresh interpreter and waits for it there: a child of this process would be charged with
# the memory that the kernel saw between fork and exec. wait4 counts the command's own children too.
LAUNCHER = """
import json, os, sys, time
started = time.monotonic()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
wall = time.monotonic() - started
with open(sys.argv[1], "w") as out:
    json.dump([os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss], out)
"""


class Meter:
    """Runs commands one at a time, with a folder for what it notes."""

    def __init__(self, folder):
        self.log = os.path.join(folder, "log")
        self.figures = os.path.join(folder, "figures.json")

    def cost(self, command, result=None, feed=None, environment=None):
        """Runs a command to its end. `feed` is what it reads from standard input: an iterable of bytes."""
        variables = {**os.environ, **(environment or {})}
        remove(self.figures)
        with open(self.log, "wb") as sink:
            # A session of its own: whatever the command started ends with it when this process is told to stop.
            launcher = subprocess.Popen(
                [sys.executable, "-S", "-E", "-c", LAUNCHER, self.figures, *command], env=variables,
                stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE, stdout=sink, stderr=sink,
                start_new_session=True)
            try:
                feeder = threading.Thread(target=pour, args=(feed, launcher.stdin), daemon=True) if feed else None
                if feeder:
                    feeder.start()
                launcher.wait()
                if feeder:
                    feeder.join()
            except BaseException:
                os.killpg(launcher.pid, signal.SIGKILL)
                launcher.wait()
                raise
        try:
            with open(self.figures) as stream:
                code, wall, cpu, rss = json.load(stream)
        except (OSError, ValueError):
            code = -1
        if code != 0:
            with open(self.log, errors="replace") as stream:
                said = stream.read()[-4000:].strip()
            say(f"{' '.join(command)}\n{said}")
            last = said.splitlines()[-1].strip() if said else "no message"
            raise NotMeasured(f"{os.path.basename(command[0])} failed with {code}: {last[:200]}")
        return Cost(wall, cpu, rss * 1024, os.path.getsize(result) if result else 0)

    def prepare(self, command, environment=None):
        """Runs a command whose cost nobody asks for."""
        self.cost(command, environment=environment)


def pour(pieces, pipe):
    try:
        with pipe:
            for piece in pieces:
                pipe.write(piece)
    except BrokenPipeError:
        pass  # the command ended early, and its status says so
