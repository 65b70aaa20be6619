"""Measures. scripts/bench calls this with a work folder and a registry, and cleans up after it."""

import argparse
import os
import signal
import sys

sys.dont_write_bytecode = True  # before the modules beside this one are read

import report
from cost import Meter, say
from ours import ScarBuild
from peers import Peers
from rows import Rows


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--output")
    parser.add_argument("--raw")
    parser.add_argument("--work", default="")
    parser.add_argument("--demo", default="")
    parser.add_argument("--compiler", default="")
    parser.add_argument("--bootstrap", default="")
    parser.add_argument("--mirror", default="")
    parser.add_argument("--layout", default="")
    parser.add_argument("--scale", type=float, default=1)
    return parser.parse_args()


def main():
    options = arguments()
    # Children of a shell may inherit that an interrupt is to be ignored; here it ends the run, and its commands.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    os.environ.pop("SCAR_BUILD_MIRRORS", None)  # which registry is asked is said with each command
    os.environ.pop("SCAR_BUILD_CACHE", None)
    jobs = len(os.sched_getaffinity(0))
    meter = Meter(options.work)
    rows = Rows(ScarBuild(options.compiler, meter, options.work, options.demo, options.mirror, jobs),
                Peers(meter, options.work, jobs, rootless=os.geteuid() != 0), options.work, options.rounds,
                options.scale, options.layout, options.bootstrap)
    known = [row.name for row in rows.all()]
    if options.list:
        print("\n".join(f"{row.name:16} {row.what}" for row in rows.all()))
        return 0
    names = [name for name in options.only.split(",") if name] or known
    if unknown := [name for name in names if name not in known]:
        say(f"bench: error: there is no row {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    try:
        rows.run(names)
    finally:
        rows.close()
    report.write(options.raw, report.raw(rows))
    print(report.table(rows))
    if options.output:
        command = f"scripts/bench --rounds {options.rounds}" + (f" --only {options.only}" if options.only else "")
        report.write(options.output, report.page(rows, options.compiler, command, jobs))
        say(f"wrote {options.output}")
    return 1 if any(finding.failed for finding in rows.findings) else 0


sys.exit(main())
