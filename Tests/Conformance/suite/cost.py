"""What relocation costs: the same work in a chroot, relocated, under fakechroot and under proot."""
import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from typing import NamedTuple

from . import fixtures
from .settings import FOLDER, PACKAGE, PREFIX, REPOSITORY, USER, Missing, say

# Folders that lie in the same place in all ways.
RECIPES, OUTPUT, TOOLS = "/tmp/recipes", "/tmp/output", "/tmp/tools"


class Work(NamedTuple):
    tree: str
    title: str
    # Program, name, arguments.
    words: list
    # Variables, and the ratio to the chroot that is asked for.
    variables: dict
    most: float = 1.1


def recipe(tree, title, words, folder, script, given):
    """A recipe's own script, called as the function's supervisor would call it."""
    return Work(tree, title, [*words, f"{RECIPES}/{folder}/{script}"],
                {"INPUT_FILE_PATH": f"{RECIPES}/{folder}/test/{given}", "TMP_OUTPUT_DIR": OUTPUT,
                 "OPENBLAS_NUM_THREADS": "1"})


WORK = [
    Work("python", "100,000 stat, open, close", ["{c}", "c", "cost_loop"], {}, 1.5),
    Work("python", "python one-liner",
         ["/usr/bin/python3", "python3", "-c", "import json, os; print(len(os.listdir('/usr')))"], {}),
    recipe("python", "python recipe", ["/usr/bin/python3", "python3"], "python", "train.py", "fruit.csv"),
    Work("python", "perl one-liner",
         ["/usr/bin/perl", "perl", "-MPOSIX", "-e", "opendir(my $usr, '/usr'); print scalar(() = readdir($usr))"], {}),
    recipe("python", "perl recipe", ["/usr/bin/perl", "perl"], "perl", "access-log.pl", "access.log"),
    Work("ruby", "ruby one-liner", ["/usr/bin/ruby", "ruby", "-e", "require 'json'; puts Dir.children('/usr').size"], {}),
    recipe("ruby", "ruby recipe", ["/usr/bin/ruby", "ruby"], "ruby", "words.rb", "rain.txt"),
    Work("r", "R one-liner", ["/usr/bin/Rscript", "Rscript", "-e", "cat(length(list.files('/usr')))"], {}),
    recipe("r", "R recipe", ["/usr/bin/Rscript", "Rscript"], "r", "report.R", "plants.csv"),
    Work("elixir", "elixir one-liner",
         ["/bin/sh", "sh", "/usr/bin/elixir", "-e", "IO.puts(length(File.ls!(\"/usr\")))"], {}),
    recipe("elixir", "elixir recipe", ["/bin/sh", "sh", "/usr/bin/elixir"], "elixir", "stations.exs", "readings.txt"),
]
TREES = [tree for tree in dict.fromkeys(entry.tree for entry in WORK)]
WAYS = ("chroot", "relocated", "fakechroot", "proot")
LIMIT = 120
# What takes long is measured less often: three times, and on until so many seconds.
PATIENCE = 15
# What holds a time or a number of bytes that no two runs share.
NOT_COMPARED = (".pdf",)


class Cage:
    """A cage like the suite's, whose tree is only read, through the same kind of mount in all ways."""

    def __init__(self, stage):
        self.stage = stage
        self.output, self.tools = f"{stage.folder}/cost-output", f"{stage.folder}/cost-tools"
        os.makedirs(self.output)
        os.makedirs(self.tools)
        for name in ("timed", "start"):
            fixtures.compiled("gcc", "-w", "-O1", "-static", "-o", f"{self.tools}/{name}", f"{FOLDER}/programs/{name}.c")

    def around(self, *binds):
        return ["bwrap", "--unshare-user", "--uid", str(USER), "--gid", "990", "--unshare-pid", "--unshare-net",
                "--die-with-parent", "--new-session", *binds, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
                "--ro-bind", f"{REPOSITORY}/recipes", RECIPES, "--bind", self.output, OUTPUT,
                "--ro-bind", self.tools, TOOLS]

    def command(self, tree, way, work):
        """The whole command line of a way, or Missing."""
        program, *rest = work.words
        package = ["--ro-bind", self.stage.package(tree), PACKAGE]
        plain = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", **tree.environment, **work.variables}

        def started(folder, variables, *line):
            return ["--", f"{TOOLS}/timed", f"{TOOLS}/start", folder,
                    *(f"{key}={value}" for key, value in variables.items()), "--", *line]

        if way == "chroot":
            return [*self.around("--ro-bind", self.stage.flat(tree), "/"), *package, *started("/", plain, program, *rest)]
        if way == "relocated":
            return [*self.around("--ro-bind", self.stage.host, "/"), *package,
                    "--ro-bind", self.stage.flat(tree, True), PREFIX,
                    *started(PREFIX, {**plain, **self.stage.variables(tree)}, PREFIX + program, *rest)]
        # The others are programs of this machine, so its root lies around the tree.
        outer = self.around("--ro-bind", "/", "/", "--ro-bind", self.stage.flat(tree), "/mnt", "--chdir", "/")
        tool = shutil.which(way)
        if not tool:
            raise Missing(f"{way} is not installed")
        if way == "proot":
            return [*outer, *started("/", plain, tool, tool, "-r", "/mnt", "-b", "/proc", "-b", "/dev", "-b", "/tmp",
                                     "-w", "/", program, *rest[1:])]
        chroot = shutil.which("chroot", path="/usr/sbin:/sbin:/usr/bin:/bin") or "chroot"
        plain = {**plain, "FAKECHROOT_EXCLUDE_PATH": "/tmp:/proc:/dev:/sys", "PATH": f"{plain['PATH']}:/usr/sbin:/sbin"}
        return [*outer, *started("/", plain, tool, tool, chroot, "/mnt", program, *rest[1:])]

    def once(self, line):
        """Seconds and what came of it, or None and why it failed."""
        for name in os.listdir(self.output):
            os.remove(f"{self.output}/{name}")
        try:
            result = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return None, f"more than {LIMIT} s"
        errors = result.stderr.decode(errors="replace")
        took = re.search(r"\ntook (\d+)\n\Z", errors)
        if result.returncode or not took:
            said = errors[:took.start()] if took else errors
            return None, (said.strip().splitlines() or [f"status {result.returncode}"])[-1][:160]
        said = result.stdout.decode(errors="replace").strip()
        for name in sorted(os.listdir(self.output)):
            if not name.endswith(NOT_COMPARED):
                with open(f"{self.output}/{name}", "rb") as file:
                    said += f"\n{name} {hashlib.sha256(file.read()).hexdigest()}"
        return int(took[1]) / 1e9, said


def measured(cage, tree, work, rounds):
    lines, rows, said = {}, {}, {}
    for way in WAYS:
        try:
            lines[way] = cage.command(tree, way, work)
            # The first run fills the page cache, and is not measured.
            seconds, text = cage.once(lines[way])
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
            if way in rows or (len(taken) >= 3 and sum(taken) > PATIENCE):
                continue
            seconds, text = cage.once(lines[way])
            if seconds is None:
                rows[way] = {"failed": text}
            else:
                taken.append(seconds)
    for way, taken in times.items():
        if way not in rows:
            rows[way] = {"seconds": round(statistics.median(taken), 5), "rounds": [round(value, 5) for value in taken]}
    base = rows["chroot"].get("rounds")
    for row in rows.values():
        if base and "rounds" in row:
            # Of each round by itself: what else the machine does changes from round to round, and hits both alike.
            row["ratio"] = round(statistics.median(one / other for one, other in zip(row["rounds"], base)), 3)
    return rows


def measure(options, stage, found, skipped):
    """Measures all, prints a table or JSON. Ends with 1 when the chroot or the relocated way failed anywhere."""
    trees = {tree.name: tree for tree in found}
    report, failed, cage = [], False, Cage(stage)
    for work in WORK:
        tree = trees.get(work.tree)
        if tree is None:
            continue
        work = work._replace(words=[word.replace("{c}", f"{fixtures.PROGRAMS}/plain/c") for word in work.words])
        say(f"measuring: {work.title}")
        try:
            rows = measured(cage, tree, work, options.rounds)
        except Missing as reason:
            skipped[work.tree] = str(reason)
            continue
        failed |= any("failed" in rows[way] for way in WAYS[:2])
        report.append({"tree": work.tree, "work": work.title, "most": work.most, "ways": rows})
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
            cells.append("failed" if "failed" in row else f"{row['seconds']:.4f} s ({row['ratio']:.2f})")
        print(f"{entry['work']:28}" + "".join(f"{cell:>22}" for cell in cells))
        for way in WAYS:
            if "failed" in entry["ways"][way]:
                print(f"    {way}: {entry['ways'][way]['failed']}")
