#!/usr/bin/env python3
"""Holds the path library's table against what C libraries export.

usage: check-functions.py REPOSITORY

Every function that a C library exports and that may take a path must be in Sources/PathLibrary/functions.def, or in
Tests/PathLibrary/not-paths.txt with the reason why not. "May take a path" means: a header declares it with a parameter
that is or holds text, or an address of a socket; or no header declares it at all; or it is another name (__name,
name64, __name_2, __name_chk, __xname) of a function in the table. Prints what is missing and what is stale, and which
libraries were read; exits with 1 when anything is wrong.
"""
import fnmatch
import os
import re
import shutil
import subprocess
import sys

TEXT = re.compile(r"\bchar\s*(?:const\s*)?\*|sockaddr|msghdr")


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def table(path):
    """The names in functions.def: those replaced, and those only called."""
    replaced, called = set(), set()
    for line in open(path):
        if found := re.match(r"(PATH|PATH_AT|PATHS|PATHS_AT)\([^,]+, [^,]+, (\w+), ", line):
            replaced.add(found[2])
        elif found := re.match(r"(OWN|NEXT_ONLY)\([^,]+, (\w+), ", line):
            (replaced if found[1] == "OWN" else called).add(found[2])
        elif line.strip() and not line.startswith("//"):
            sys.exit(f"functions.def: cannot read: {line}")
    return replaced, called


def libraries():
    """The C libraries of this machine: glibc's, musl's, and that of the other architecture when it is there."""
    places = [
        run("gcc", "-print-file-name=libc.so.6").strip(),
        *(f"/lib/ld-musl-{machine}.so.1" for machine in ("x86_64", "aarch64")),
    ]
    other = "aarch64-linux-gnu-gcc"
    if shutil.which(other):
        places.append(run(other, "-print-file-name=libc.so.6").strip())
    return [place for place in places if os.path.exists(place)]


def exports(library):
    """The functions that programs may link with: all versions, without those only for the C library's own parts."""
    names = set()
    for line in run("nm", "--dynamic", "--defined-only", library).splitlines():
        kind, name = line.split()[-2:]
        name, _, version = name.partition("@")
        if kind in "TWi" and "PRIVATE" not in version:
            names.add(name)
    return names


def declarations(headers):
    """Which functions are declared, and which of them have text or an address among their parameters."""
    resources = run("clang", "-print-resource-dir").strip() + "/include"
    declared, textual = set(), set()
    musl = f"/usr/include/{os.uname().machine}-linux-musl"
    ways = [[]] + ([["-nostdinc", "-isystem", resources, "-isystem", musl]] if os.path.isdir(musl) else [])
    for way in ways:
        dump = run("clang", *way, "-fsyntax-only", "-Xclang", "-ast-dump", "-fno-color-diagnostics", "-xc", headers)
        for name, kind in re.findall(r"^[|`]-FunctionDecl .*? (\w+) '([^']*)'", dump, re.MULTILINE):
            declared.add(name)
            parameters = kind.partition("(")[2]
            if TEXT.search(parameters):
                textual.add(name)
    return declared, textual


def plain(name):
    """The name that a function has without what C libraries put around it."""
    name = re.sub(r"^(__x|__l?xp?|__f?x|_IO_|__libc_|__)", "", name) if name.startswith("_") else name
    name = re.sub(r"(_chk|_2)$", "", name)
    return re.sub(r"64$", "", name)


def reasons(path):
    """not-paths.txt: a name or pattern, then why it needs no replacement."""
    entries = {}
    for number, line in enumerate(open(path), 1):
        if line.startswith("#") or not line.strip():
            continue
        pattern, _, reason = line.strip().partition(" ")
        if not reason.strip():
            sys.exit(f"not-paths.txt:{number}: {pattern} has no reason")
        if pattern in entries:
            sys.exit(f"not-paths.txt:{number}: {pattern} is there twice")
        entries[pattern] = reason.strip()
    return entries


def main(repository):
    tests = f"{repository}/Tests/PathLibrary"
    replaced, called = table(f"{repository}/Sources/PathLibrary/functions.def")
    declared, textual = declarations(f"{tests}/headers.h")
    excused = reasons(f"{tests}/not-paths.txt")
    roots = {plain(name) for name in replaced}
    used, problems, everything = set(), [], set()
    for library in libraries():
        names = exports(library)
        everything |= names
        print(f"{library}: {len(names)} functions")
        for name in sorted(names - replaced):
            is_twin = plain(name) in roots
            # What no header declares is what it would be without its ornaments: __strdup is strdup.
            subject = name if name in declared or is_twin or plain(name) not in declared else plain(name)
            if subject in declared and subject not in textual and not is_twin:
                continue
            # An entry for one name counts before one for many; a twin of a replaced function needs its own.
            spellings = [name] if is_twin else [name, subject, plain(name)]
            wide = [] if is_twin else [p for s in spellings for p in excused if fnmatch.fnmatchcase(s, p)]
            patterns = [s for s in spellings if s in excused] + wide
            if patterns:
                used.add(patterns[0])
            elif not is_twin or name not in called:
                why = f"another name of {plain(name)}" if is_twin else "text" if name in textual else "undeclared"
                problems.append(f"missing: {name} ({why}; exported by {library})")
    problems += [f"stale: {pattern}: no export needs that line of not-paths.txt" for pattern in excused if pattern not in used]
    problems += [f"both replaced and excused: {name}" for name in replaced if name in excused]
    for problem in sorted(set(problems)):
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
