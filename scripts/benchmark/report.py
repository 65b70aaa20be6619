"""The report: docs/benchmarks.md, the table on the terminal, and the raw figures."""

import json
import os
import platform
import statistics
import subprocess

from cost import mb
import pruning
import relocation
from bench import CHAIN, OURS, REFERENCE, middle


def first_line(*command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
    except OSError:
        return f"no {command[0]}"
    return next((line.strip() for line in done.stdout.splitlines() if line.strip()), "unknown")


def processor():
    with open("/proc/cpuinfo") as stream:
        return next((line.split(":", 1)[1].strip() for line in stream if line.startswith("model name")), "unknown")


def installed_memory():
    with open("/proc/meminfo") as stream:
        return int(stream.readline().split()[1]) * 1024


def findings_table(findings):
    lines = ["| row | what | against | target | measured | |", "|---|---|---|---|---:|---|"]
    return lines + [f"| `{one.row}` | {one.what} | {one.against} | {one.target} | {one.measured} | {one.verdict} |"
                    for one in findings]


def sentences(findings):
    """A sentence for each target that was missed and for each row without figures."""
    lines = [f"Missed: `{one.row}`, {one.what}{', against ' + one.against if one.against else ''}: "
             f"{one.measured}; the target is {one.target}." for one in findings if one.met is False]
    return lines + [f"Not measured: `{one.row}`, {one.what}: {one.measured.partition(': ')[2]}."
                    for one in findings if one.failed]


def costs_table(costs):
    lines = ["| | wall s | lowest to highest | CPU s | peak memory MB | result MB |", "|---|---:|---:|---:|---:|---:|"]
    for what, runs in costs.items():
        walls, size = [run.wall for run in runs], middle(runs, "size")
        spread = f"{min(walls):.2f} to {max(walls):.2f}" if len(runs) > 1 else ""
        title = f"**{what}**" if what.startswith((OURS, CHAIN)) else what
        lines.append(f"| {title} | {middle(runs):.2f} | {spread} | {middle(runs, 'cpu'):.2f} "
                     f"| {mb(middle(runs, 'rss'))} | {mb(size) if size else ''} |")
    return lines


def supervisor_table(figures):
    start = figures["start"]
    return [
        "| what | median | lowest to highest |", "|---|---:|---:|",
        f"| exec to first `next`, ms ({len(start)} starts, page cache warm) | {statistics.median(start) * 1e3:.2f} "
        f"| {min(start) * 1e3:.2f} to {max(start) * 1e3:.2f} |",
        f"| resident memory while idle, MB | {statistics.median(figures['resident']) / 1e6:.2f} | |",
        f"| resident memory after {len(figures['event'])} events, MB | {figures['warm'] / 1e6:.2f} | |",
        f"| an event in a warm sandbox, from Lambda's side, ms | {statistics.median(figures['event']) * 1e3:.2f} "
        f"| {min(figures['event']) * 1e3:.2f} to {max(figures['event']) * 1e3:.2f} |",
        f"| its program's process alone, started and waited for, ms | {statistics.median(figures['process']) * 1e3:.2f} "
        f"| {min(figures['process']) * 1e3:.2f} to {max(figures['process']) * 1e3:.2f} |",
        f"| size of the executable, MB | {figures['size'] / 1e6:.2f} | |",
    ]


def relocation_section(figures):
    lines = ["## Programs of an image that is not the root", "", *relocation.table(figures["cost"]), ""]
    if figures.get("reasons"):
        lines += ["What differs from a chroot and is allowed to, by reason:", "",
                  *(f"* {reason}" for reason in figures["reasons"]), ""]
    return lines


def table(rows):
    """What the terminal shows."""
    lines = findings_table(rows.findings) if rows.findings else []
    if "supervisor" in rows.figures:
        lines += ["", *supervisor_table(rows.figures["supervisor"])]
    if "prune" in rows.figures:
        lines += ["", *pruning.table(rows.figures["prune"])]
    if "relocation" in rows.figures:
        lines += ["", *relocation.table(rows.figures["relocation"]["cost"])]
    return "\n".join(lines + ["", *sentences(rows.findings)]).strip()


def explanations(jobs):
    return ["## What was compared", "", *f"""\
Where nothing else is said, the image is {REFERENCE} as scripts/testbed makes it: Debian's ffmpeg, three
layers. scar-build runs `build RECIPE --target squashfs --jobs {jobs}` with zstd level 3, blocks of 128 KiB and prune
profile `none`; the other tools have the same compressor, level and block size, and as many processors.

* {CHAIN}: `skopeo copy` to an OCI layout, `umoci unpack`, `mksquashfs`.
* `local`: our cache has the blobs and no compiled layer. The other side has the whole image as one gzip'd archive,
  made beforehand, and streams it through `igzip` or `pigz` into `mksquashfs -tar`, `sqfstar` or `tar2sqfs`; the
  fastest one counts.
* `zstd15`, `gzip9`, `gzip-equal-size`: the other side is `mksquashfs` alone on a tree that was unpacked beforehand.
* `relink`: the recipe drops one thing more. `unchanged`: the same build again, with a lock file beside the recipe;
  strace says what it opens.
* `top-layer`: the image has one layer more, of files of its own that were changed, half of them under new names; the
  image below was built before. Its share of the image is by the bytes of the layers' archives.
* `memory`: the worst round. The image of 10 GB has four plain layers of files from 1 KB to 64 MB, of which a
  compressor saves a good third; they are made while they are sent, and `mksquashfs` reads the same files from a pipe.
* `relocation`: programs of Debian's Python, Ruby, R and Elixir images, one-liners and the scripts of their recipes, in
  bubblewrap cages on the same tree: as its root, relocated, under fakechroot, and under proot. The clock is read inside the
  cage. Ratios to the chroot are medians of each round's. Beside it a share of the conformance suite.
* `prune`: bytes of all files unpacked, each inode once, of the recipes' images in recipes/, with each profile of
  docs/prune.md; the recipes' tests run on each package in the cage.
* `many-files`, `entries`: one gzip'd layer of files of 100 to 4096 bytes, 100 to a folder, with a few links of both
  kinds. Allocations are calls of malloc and its kin, counted by a preloaded library in a run of its own.""".splitlines()]


def page(rows, compiler, command, jobs):
    """docs/benchmarks.md."""
    versions = [first_line(compiler, "--version"), first_line("swift", "--version"), first_line("skopeo", "--version"),
                first_line("umoci", "--version"), first_line("mksquashfs", "-version"),
                first_line("tar2sqfs", "--version"), first_line("igzip", "--version"), first_line("pigz", "--version")]
    lines = [
        "# Benchmarks", "",
        "`make bench` wrote this page from one run on one machine; compare within the page only. The command was",
        f"`{command}`. Figures are medians of the rounds; what has no lowest and highest ran once. Rounds",
        "alternate between the sides, and between any two measurements written data was flushed to disk. Memory is the",
        "largest single process; CPU time counts children. The registry runs on the same machine, so its own work competes",
        "with whoever pulls.", "",
        "## Targets", "", *findings_table(rows.findings), "",
    ]
    if missed := sentences(rows.findings):
        lines += [*(f"* {sentence}" for sentence in missed), ""]
    lines += [*explanations(jobs), ""]
    for section, costs in rows.costs.items():
        lines += [f"## {section}", "", *costs_table(costs), ""]
    if "supervisor" in rows.figures:
        lines += ["## The supervisor", "", *supervisor_table(rows.figures["supervisor"]), ""]
    if "prune" in rows.figures:
        lines += ["## What pruning leaves", "", *pruning.table(rows.figures["prune"]), ""]
    if "relocation" in rows.figures:
        lines += relocation_section(rows.figures["relocation"])
    lines += ["## The machine", "", f"* {processor()}, {jobs} cores, {installed_memory() / 2**30:.0f} GiB",
              f"* Linux {platform.release()}, {platform.machine()}", *[f"* {version}" for version in versions], ""]
    return "\n".join(lines)


def raw(rows):
    return json.dumps({
        "findings": [{**one._asdict(), "verdict": one.verdict.strip("*")} for one in rows.findings],
        "costs": {section: {what: [run._asdict() for run in runs] for what, runs in costs.items()}
                  for section, costs in rows.costs.items()},
        "figures": rows.figures,
    }, indent=2)


def write(path, text):
    """All of it or nothing."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".new", "w") as stream:
        stream.write(text)
    os.replace(path + ".new", path)
