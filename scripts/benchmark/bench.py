"""What all rows stand on: a registry, the tools on both sides, what their work cost, and what was found."""

import collections
import functools
import os
import shutil
import statistics
import traceback
from typing import NamedTuple, Optional

from cost import NotMeasured, mb, say
from images import Pool, Registry
from peers import Peers

REFERENCE = "jrottenberg/ffmpeg:4.1-ubuntu"
CHAIN = "skopeo + umoci + mksquashfs"
OURS = "scar-build"


class Finding(NamedTuple):
    """One line of the report. `met` is None when there is no target, or when nothing could be measured."""

    row: str
    what: str
    against: str
    target: str
    measured: str
    met: Optional[bool] = None
    failed: bool = False

    @property
    def verdict(self):
        if self.failed:
            return "**not measured**"
        return {None: "", True: "met", False: "**missed**"}[self.met]


class Row(NamedTuple):
    name: str
    what: str
    measure: object


def once(method):
    """What several rows share is made once; and when it cannot be made, each of them says the same reason."""
    name = f"_{method.__name__}"

    @functools.wraps(method)
    def get(self, *arguments):
        made = self.__dict__.setdefault(name, {})
        if arguments not in made:
            try:
                made[arguments] = method(self, *arguments), None
            except NotMeasured as error:
                made[arguments] = None, error
        value, error = made[arguments]
        if error:
            raise error
        return value

    return get


def middle(costs, field="wall"):
    return statistics.median(getattr(cost, field) for cost in costs)


def worst(costs):
    return max(cost.rss for cost in costs)  # a limit is for the worst run, not for the middle one


class Bench:
    def __init__(self, scar_build, peers: Peers, folder, rounds, scale, layout, bootstrap):
        self.scar_build, self.peers, self.folder = scar_build, peers, folder
        self.rounds, self.scale, self.layout, self.bootstrap = rounds, scale, layout, bootstrap
        self.host = scar_build.mirror.partition("//")[2]
        self.registry = Registry()
        # Costs by section and by what ran, for the tables below the findings and for results.json.
        self.costs = collections.defaultdict(lambda: collections.defaultdict(list))
        self.figures = {}  # whatever else was found, for results.json
        self.findings = []

    def run(self, names):
        for row in self.all():
            if row.name not in names:
                continue
            say(f"{row.name}: {row.what}")
            before = len(self.findings)
            try:
                row.measure()
            except NotMeasured as error:
                self.cannot(row.name, self.rest(row, before), str(error))
            except Exception as error:  # a row that goes wrong is a row of the report too
                traceback.print_exc()
                self.cannot(row.name, self.rest(row, before), f"{type(error).__name__}: {error}")

    def rest(self, row, before):
        """What of a row is missing: all of it, or what would have followed."""
        return f"{row.what}: the rest" if len(self.findings) > before else row.what

    def cannot(self, row, what, why):
        why = " ".join(why.split()).replace("|", "\\|")
        say(f"  not measured: {why}")
        self.findings.append(Finding(row, what, "", "", f"not measured: {why}", failed=True))

    def find(self, row, what, against, target, measured, met=None):
        self.findings.append(Finding(row, what, against, target, measured, met))
        say(f"  {what}: {measured} ({target or 'no target'}){'' if met is None else ' met' if met else ' MISSED'}")

    def faster(self, row, what, against, section, ours, theirs, least):
        """A finding about how many times faster we are."""
        costs = self.costs[section]
        ratio = middle(costs[theirs]) / middle(costs[ours])
        target = "not slower" if least == 1 else f"at least {least} times faster"
        self.find(row, what, against, target, f"{ratio:.2f} times", ratio >= least)

    def note(self, section, what, cost):
        self.costs[section][what].append(cost)
        say(f"  {what}: {cost.wall:.2f} s, {cost.cpu:.2f} CPU s, {mb(cost.rss)} MB")
        return cost

    def path(self, name):
        return os.path.join(self.folder, name)

    def need_space(self, bytes_needed):
        free = shutil.disk_usage(self.folder).free
        if free < bytes_needed:
            raise NotMeasured(f"{free / 1e9:.0f} GB free, {bytes_needed / 1e9:.0f} GB needed")

    @once
    def pool(self):
        return Pool()

    def close(self):
        self.registry.stop()
