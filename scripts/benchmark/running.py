"""Rows about functions that run: the supervisor, relocated programs, pruned recipes, cold starts."""

import statistics

import coldstart
import pruning
import relocation
import supervisor
from bench import Bench
from cost import mb, need, remove


class Running(Bench):
    def supervisor(self):
        need("gcc")
        figures = self.figures["supervisor"] = supervisor.measure(self.bootstrap, self.folder)
        first, idle = statistics.median(figures["start"]), statistics.median(figures["resident"])
        own = statistics.median(figures["event"]) - statistics.median(figures["process"])
        for what, against, target, measured, met in (
                ("exec to the first `next`", "", "under 5 ms", f"{first * 1e3:.2f} ms", first < 0.005),
                ("memory while it waits", "", "under 8 MB", f"{idle / 1e6:.2f} MB", idle < 8e6),
                ("size of the executable", "", "under 6 MB", f"{figures['size'] / 1e6:.2f} MB", figures["size"] < 6e6),
                ("an event in a warm sandbox, beyond its program's process", "posix_spawn of the same", "under 1 ms",
                 f"{own * 1e3:.2f} ms", own < 0.001)):
            self.find("supervisor", what, against, target, measured, met)

    def relocation(self):
        need("bwrap", "unshare", "gcc")
        figures = self.figures["relocation"] = relocation.measure(self.rounds)
        for what, against, target, measured, met in relocation.findings(figures["cost"]):
            self.find("relocation", what, against, target, measured, met)
        what, against, target, measured, met, reasons = relocation.alike(figures["conformance"])
        self.find("relocation", what, against, target, measured, met)
        figures["reasons"] = reasons

    def prune(self):
        need("bwrap")
        folder = self.path("prune")
        try:
            figures = self.figures["prune"] = pruning.measure(self.scar_build, folder)
        finally:
            remove(folder)
        for what, against, target, measured, met in pruning.findings(figures):
            self.find("prune", what, against, target, measured, met)

    def cold_start(self):
        """The demo's package, its tree in memory: what a disk costs comes on top, and hits whoever writes more first."""
        section, ways = "A function's first output in a cold sandbox", tuple(coldstart.WAYS)
        folder = self.path("cold-start")
        try:
            package = coldstart.Package(self.scar_build.package("cold-start"), self.scar_build.demo_input, folder)
            found = coldstart.measure(package, folder, 3 * self.rounds)
        finally:
            remove(folder)
        self.figures[section] = found
        first = {way: statistics.median(run["first output"] for run in found[way]) for way in ways}
        for way in ways:
            answer = statistics.median(run["answer"] for run in found[way])
            self.find("cold-start", f"exec to first output and to answer, {way}", "", "",
                      f"{first[way] * 1e3:.0f} ms, {answer * 1e3:.0f} ms")
        share = first[ways[0]] / first[ways[1]]
        self.find("cold-start", "exec to first output", ways[1], "at most half of its", f"{share:.2f} of its",
                  share <= 0.5)
        peak = max(run["peak"] for run in found[ways[0]])
        self.find("cold-start", f"the supervisor's peak memory, {ways[0]}", "", "", f"{mb(peak)} MB")
