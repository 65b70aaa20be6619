"""Compares outcomes, and holds the list of allowed differences."""
import difflib
import fnmatch
import os
from dataclasses import dataclass

from .settings import FOLDER

LIST = os.path.join(FOLDER, "differences.txt")
SAME, ALLOWED, DIFFERENT, UNSTEADY, STALE = "same", "allowed", "DIFFERENT", "unsteady", "NO LONGER DIFFERENT"
BROKEN = "BROKEN CASE"


@dataclass
class Row:
    """One line of the table."""
    case: str
    chroot: str
    relocated: str
    verdict: str
    detail: str = ""
    reason: str = ""

    @property
    def failed(self):
        return self.verdict in (DIFFERENT, STALE, BROKEN)


def counts(rows):
    """How many rows there are of each verdict."""
    return {verdict: sum(row.verdict == verdict for row in rows)
            for verdict in (SAME, ALLOWED, UNSTEADY, DIFFERENT, STALE, BROKEN)}


def differences(first, second):
    """In which ways two outcomes differ, in words."""
    found = []
    if first.status != second.status:
        found.append(f"status: {first.status} / {second.status}")
    for name, a, b in (("stdout", first.output, second.output), ("stderr", first.errors, second.errors)):
        if a != b:
            lines = list(difflib.unified_diff(
                a.decode(errors="backslashreplace").splitlines(), b.decode(errors="backslashreplace").splitlines(),
                "chroot", "relocated", lineterm="", n=0))[2:]
            found += [f"{name}: {line}" for line in lines if not line.startswith("@@")][:40]
    for path in sorted(set(first.files) | set(second.files)):
        a, b = first.files.get(path, "nothing"), second.files.get(path, "nothing")
        if a != b:
            found.append(f"file {path!r}: {a} / {b}")
    return found


def results(outcome):
    """The results of a case that has one on each line."""
    lines = outcome.output.decode(errors="backslashreplace").splitlines()
    found = dict(line.rsplit("\t", 1) for line in lines if "\t" in line)
    found["(status)"] = str(outcome.status)
    return found


def short(outcome):
    return f"{outcome.status}, {len(outcome.output)} bytes"


class Allowed:
    """The file of allowed differences: a pattern of cases, then the reason after two spaces or more."""

    def __init__(self, path=LIST):
        self.entries = {}
        self.used = set()
        with open(path) as file:
            for number, line in enumerate(file, 1):
                line = line.strip()
                if line and not line.startswith("#"):
                    pattern, _, reason = line.partition("  ")
                    if not reason.strip():
                        raise SystemExit(f"conformance: {path}:{number}: a difference without a reason: {pattern}")
                    self.entries[pattern] = reason.strip()

    def reason(self, title):
        for pattern, reason in self.entries.items():
            if title == pattern or fnmatch.fnmatchcase(title, pattern.replace("[", "[[]")):
                return pattern, reason
        return None, None


def judge(case, first, second, again, allowed):
    """The rows of a case. `again` runs it once more in the chroot, to see whether it agrees with itself."""
    if case.of_program and first.status == 64:
        # This variant was compiled without it: its C library has no such function.
        return []
    if isinstance(first.status, str):
        return [Row(case.title, short(first), short(second), BROKEN, f"it took {first.status} in the chroot")]
    expected = case.options.get("status", "0")
    if case.file and str(first.status) != expected:
        # Two worlds that fail alike prove nothing.
        return [Row(case.title, short(first), short(second), BROKEN,
                    f"it must end with {expected} in the chroot, not with {first.status}\n" + first.errors.decode(errors="replace")[-600:])]
    if second.outside:
        # No reason would be good enough for it.
        written = "\n".join(f"written outside of the prefix: {path!r}: {what}" for path, what in second.outside.items())
        return [Row(case.title, short(first), short(second), DIFFERENT, written)]
    if not case.by_line:
        found = differences(first, second)
        return [verdict(case.title, short(first), short(second), found, allowed, lambda: differences(first, again()))]
    a, b = results(first), results(second)
    changed = [name for name in sorted(set(a) | set(b)) if a.get(name) != b.get(name)]
    repeated = results(again()) if changed else a
    rows = []
    for name in sorted(set(a) | set(b)):
        title, left, right = f"{case.title}::{name}", a.get(name, "-"), b.get(name, "-")
        found = [f"{left} / {right}"] if left != right else []
        rows.append(verdict(title, left, right, found, allowed, lambda n=name: a.get(n) != repeated.get(n)))
    if len(a) < 2:
        rows.append(Row(f"{case.title}::(results)", "none", "", DIFFERENT,
                        first.errors.decode(errors="replace")[-600:]))
    return rows


def verdict(title, left, right, found, allowed, unsteady):
    pattern, reason = allowed.reason(title)
    if found and pattern:
        allowed.used.add(pattern)
        return Row(title, left, right, ALLOWED, "\n".join(found), reason)
    if found and unsteady():
        return Row(title, left, right, UNSTEADY, "\n".join(found))
    if found:
        return Row(title, left, right, DIFFERENT, "\n".join(found))
    if pattern and "*" not in pattern:
        return Row(title, left, right, STALE, f"differences.txt allows it: {reason}")
    return Row(title, left, right, SAME)
