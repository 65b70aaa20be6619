"""What it costs a program that its image is not the root, and how like a chroot it is. scripts/conformance measures."""

import json
import os
import subprocess

from cost import NotMeasured, say

CONFORMANCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "conformance")
LOOP = "100,000 stat, open, close"
# A share of the suite that takes a minute or two: a C library of each kind, and a language.
SHARE = ["small/*", "musl-small/*", "python/shell/*", "python/old/*", "python/python/*", "python/perl/*"]


def conformance(*words):
    """What scripts/conformance says in JSON. Its status 1 is a finding, not a failure."""
    done = subprocess.run([CONFORMANCE, "--json", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):
        raise NotMeasured((done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1])
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise NotMeasured((done.stderr.strip().splitlines() or ["no figures"])[-1]) from None


def cost(rounds):
    # Programs take milliseconds to seconds: a median wants more rounds than what takes minutes.
    return conformance("--cost", "--rounds", str(max(21, rounds)))


def slower(entry, way):
    """How many times as long a way takes as ours; None where it does not work."""
    ours, theirs = entry["ways"]["relocated"], entry["ways"][way]
    return None if "failed" in theirs or "failed" in ours else theirs["seconds"] / ours["seconds"]


def findings(measured):
    """Tuples of what, against, target, measured, met."""
    for entry in measured["work"]:
        ours = entry["ways"]["relocated"]
        if "failed" in ours or "failed" in entry["ways"]["chroot"]:
            reason = (ours if "failed" in ours else entry["ways"]["chroot"])["failed"]
            yield entry["work"], "a chroot of the same tree", f"at most {entry['most']} times", f"failed: {reason}", False
        else:
            yield (entry["work"], "a chroot of the same tree", f"at most {entry['most']} times", f"{ours['ratio']:.2f} times",
                   ours["ratio"] <= entry["most"])
    for way, target, least in (("proot", "at least 3 times faster", 3), ("fakechroot", "not slower", 1)):
        loop = [entry for entry in measured["work"] if entry["work"] == LOOP]
        rest = [entry for entry in measured["work"] if entry["work"] != LOOP]
        for what, entries in ((LOOP, loop), ("the programs of recipes, the least of all", rest)):
            ratios = {entry["work"]: slower(entry, way) for entry in entries}
            works = {work: ratio for work, ratio in ratios.items() if ratio is not None}
            if not works:
                yield what, way, target, f"{way} failed", None
                continue
            work = min(works, key=works.get)
            text = f"{works[work]:.2f} times" + (f" ({work})" if len(entries) > 1 else "")
            if failed := [name for name, ratio in ratios.items() if ratio is None]:
                text += f"; {way} fails at {', '.join(failed)}"
            yield what, way, target, text, works[work] >= least


def table(measured):
    ways = list(measured["work"][0]["ways"])
    lines = ["| ms, and times the chroot | " + " | ".join(ways) + " |", "|---|" + "---:|" * len(ways)]
    for entry in measured["work"]:
        cells = ["fails" if "failed" in row else f"{row['seconds'] * 1e3:.1f} ({row['ratio']:.2f})"
                 for row in (entry["ways"][way] for way in ways)]
        lines.append(f"| {entry['work']} | " + " | ".join(cells) + " |")
    return lines


def alike(measured):
    """One tuple as findings gives them: how much of the conformance suite is the same in both worlds."""
    counts = measured["summary"]
    total = sum(counts.values())
    bad = total - counts["same"] - counts["allowed"] - counts["unsteady"]
    text = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    reasons = sorted({row["reason"] for row in measured["rows"] if row["verdict"] == "allowed" and row["reason"]})
    return f"conformance, {total} results", "a chroot of the same tree", "none but those with a reason", text, bad == 0, reasons


def measure(rounds):
    say("  cost")
    figures = {"cost": cost(rounds)}
    if not figures["cost"]["work"]:
        raise NotMeasured("; ".join(figures["cost"]["skipped"].values()) or "no tree")
    say("  conformance")
    figures["conformance"] = conformance(*SHARE)
    return figures
