"""What relocation costs: the same work in a chroot, relocated, under fakechroot and under proot."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

from . import fixtures
from .settings import PACKAGE, PREFIX, USER, Missing, say

# The tree, what is measured, the command: program, name, arguments.
WORK = [
    ("python", "100,000 stat, open, close", ["{c}", "c", "cost_loop"]),
    ("python", "python one-liner", ["/usr/bin/python3", "python3", "-c", "import json, os; print(len(os.listdir('/usr')))"]),
    ("ruby", "ruby one-liner", ["/usr/bin/ruby", "ruby", "-e", "require 'json'; puts Dir.children('/usr').size"]),
    ("r", "R one-liner", ["/usr/bin/Rscript", "Rscript", "-e", "cat(length(list.files('/usr')))"]),
    ("elixir", "elixir one-liner", ["/bin/sh", "sh", "/usr/bin/elixir", "-e", "IO.puts(length(File.ls!(\"/usr\")))"]),
]
TREES = [tree for tree in dict.fromkeys(entry[0] for entry in WORK)]
WAYS = ("chroot", "relocated", "fakechroot", "proot")
LIMIT = 120


def cage(stage, tree, *binds):
    """A cage like the suite's; the tree is only read, through the same kind of mount in all ways."""
    return ["bwrap", "--unshare-user", "--uid", str(USER), "--gid", "990", "--unshare-pid", "--unshare-net",
            "--die-with-parent", "--new-session", *binds, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]


def command(stage, tree, way, words):
    """The whole command line of a way, or Missing."""
    program, *rest = words
    package = ["--ro-bind", stage.package(tree), PACKAGE]
    plain = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", **tree.environment}

    def started(folder, variables, *line):
        return [f"{PACKAGE}/start", folder, *(f"{key}={value}" for key, value in variables.items()), "--", *line]

    if way == "chroot":
        return [*cage(stage, tree, "--ro-bind", stage.flat(tree), "/"), *package, "--", *started("/", plain, program, *rest)]
    if way == "relocated":
        return [*cage(stage, tree, "--ro-bind", stage.host, "/"), *package, "--ro-bind", stage.flat(tree, True), PREFIX, "--",
                *started(PREFIX, {**plain, **stage.variables(tree)}, PREFIX + program, *rest)]
    # The others are programs of this machine, so its root lies around the tree.
    outer = [*cage(stage, tree, "--ro-bind", "/", "/"), "--ro-bind", stage.flat(tree), "/mnt", "--chdir", "/"]
    tool = shutil.which(way)
    if not tool:
        raise Missing(f"{way} is not installed")
    environment = [word for key, value in plain.items() for word in ("--setenv", key, value)]
    if way == "proot":
        return [*outer, *environment, "--", tool, "-r", "/mnt", "-b", "/proc", "-b", "/dev", "-b", "/tmp", "-w", "/", program,
                *rest[1:]]
    return [*outer, *environment, "--", tool, shutil.which("chroot", path="/usr/sbin:/sbin:/usr/bin:/bin") or "chroot",
            "/mnt", program, *rest[1:]]


def once(line):
    """Seconds, what it said, or why it failed."""
    started = time.monotonic()
    try:
        result = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return None, f"more than {LIMIT} s"
    seconds = time.monotonic() - started
    if result.returncode:
        return None, (result.stderr.decode(errors="replace").strip().splitlines() or [f"status {result.returncode}"])[-1][:160]
    return seconds, result.stdout.decode(errors="replace").strip()


def measured(stage, tree, words, rounds):
    lines, rows, said = {}, {}, {}
    for way in WAYS:
        try:
            lines[way] = command(stage, tree, way, words)
            seconds, text = once(lines[way])
            if seconds is None:
                rows[way] = {"failed": text}
            else:
                said[way] = text
        except Missing as reason:
            rows[way] = {"failed": str(reason)}
    for way, text in said.items():
        # Fast and wrong is no result.
        if text != said.get("chroot", text):
            rows[way] = {"failed": f"it said {text[:60]!r}, and in the chroot {said['chroot'][:60]!r}"}
    times = {way: [] for way in WAYS if way not in rows}
    for _ in range(rounds):
        for way, taken in times.items():
            seconds, text = once(lines[way])
            if seconds is None:
                rows[way] = {"failed": text}
            else:
                taken.append(seconds)
    for way, taken in times.items():
        if way not in rows:
            rows[way] = {"seconds": round(statistics.median(taken), 4), "rounds": [round(value, 4) for value in taken]}
    base = rows["chroot"].get("seconds")
    for row in rows.values():
        if base and "seconds" in row:
            row["ratio"] = round(row["seconds"] / base, 3)
    return rows


def measure(options, stage, found, skipped):
    """Measures all, prints a table or JSON. Ends with 1 when the chroot or the relocated way failed anywhere."""
    trees = {tree.name: tree for tree in found}
    report, failed = [], False
    for name, title, words in WORK:
        tree = trees.get(name)
        if tree is None:
            continue
        words = [word.replace("{c}", f"{fixtures.PROGRAMS}/plain/c") for word in words]
        say(f"measuring: {title}")
        try:
            rows = measured(stage, tree, words, options.rounds)
        except Missing as reason:
            skipped[name] = str(reason)
            continue
        failed |= any("failed" in rows[way] for way in WAYS[:2])
        report.append({"tree": name, "work": title, "ways": rows})
    if options.json:
        json.dump({"rounds": options.rounds, "work": report, "skipped": skipped, "processors": os.cpu_count()}, sys.stdout,
                  indent=1)
        print()
    else:
        table(report)
        for name, reason in skipped.items():
            print(f"skipped  {name}: {reason}")
    return int(failed or not report)


def table(report):
    print(f"{'':28}" + "".join(f"{way:>22}" for way in WAYS))
    for entry in report:
        cells = []
        for way in WAYS:
            row = entry["ways"][way]
            cells.append("failed" if "failed" in row else f"{row['seconds']:.3f} s ({row['ratio']:.2f})")
        print(f"{entry['work']:28}" + "".join(f"{cell:>22}" for cell in cells))
        for way in WAYS:
            if "failed" in entry["ways"][way]:
                print(f"    {way}: {entry['ways'][way]['failed']}")
