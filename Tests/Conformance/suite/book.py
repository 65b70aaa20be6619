"""The cases: C programs name theirs in the source, scripts hold many in one file."""
import fnmatch
import os
import re
from dataclasses import dataclass, field

from . import fixtures
from .settings import FOLDER, PACKAGE

# How a file of cases is run, when it does not say so itself: the program's path, then what it is to be called.
RUN = {
    ".sh": "/bin/sh sh {file}",
    ".py": "/usr/bin/python3 python3 -B {file}",
    ".pl": "/usr/bin/perl perl {file}",
    ".rb": "/usr/bin/ruby ruby {file}",
    ".R": "/usr/bin/Rscript Rscript {file}",
    ".exs": "/bin/sh sh /usr/bin/elixir {file}",
    ".escript": "/bin/sh sh /usr/bin/escript {file}",
}


@dataclass
class Case:
    tree: str
    name: str
    command: list
    # What goes into the package as /var/task/cases/…, when the case is a script.
    file: str = ""
    text: str = ""
    options: dict = field(default_factory=dict)

    @property
    def title(self):
        return f"{self.tree}/{self.name}"

    @property
    def of_program(self):
        """Whether it is a case of the C programs, which end with 64 when they have no case of that name."""
        return not self.file

    @property
    def by_line(self):
        """Whether each line of the output is a result of its own: "name, tab, result"."""
        return self.options.get("results") == "lines"


def c_cases(tree):
    """The cases of the C programs, for each variant that the tree has."""
    names, folder = [], os.path.join(FOLDER, "programs")
    for source in sorted(os.listdir(folder)):
        if source.endswith(".c"):
            with open(os.path.join(folder, source)) as file:
                for needs, name in re.findall(r"^(GLIBC_|SHELL_)?CASE\((\w+)\)", file.read(), re.MULTILINE):
                    names.append((source[:-2], name, needs))
    for variant in tree.variants:
        for source, name, needs in names:
            if needs == "GLIBC_" and tree.libc != "glibc" or needs == "SHELL_" and not tree.has("/bin/sh"):
                continue
            # The first two have no old versions on arm64; the last does not end under qemu, in the chroot either.
            if name in ("xstat", "xmknod", "fork_in_threads") and tree.machine != "x86_64":
                continue
            path = f"{fixtures.PROGRAMS}/{variant}/c"
            yield Case(tree.name, f"{variant}/{source}/{name}", [path, path, name])


def options(line):
    return dict(part.split("=", 1) for part in line.split() if "=" in part)


def script_cases(tree):
    """The cases of the files in cases/: sections that begin with "### name option=value"."""
    folder = os.path.join(FOLDER, "cases")
    for name in sorted(os.listdir(folder)):
        stem, extension = os.path.splitext(name)
        if extension not in RUN:
            continue
        with open(os.path.join(folder, name)) as file:
            text = file.read()
        header, *sections = re.split(r"^### ", text, flags=re.MULTILINE)
        settings = dict(re.findall(r"^#: (\w+): (.*)$", header, re.MULTILINE))
        if tree.name not in settings["trees"].split():
            continue
        shared = "\n".join(line for line in header.splitlines() if not line.startswith("#"))
        for section in sections:
            title, _, body = section.partition("\n")
            case, _, rest = title.partition(" ")
            chosen = {**settings, **options(rest)}
            if tree.name not in chosen["trees"].replace(",", " ").split():
                continue
            file = f"{stem}-{case}{extension}"
            run = chosen.get("run", RUN[extension]).replace("{file}", f"{PACKAGE}/cases/{file}")
            yield Case(tree.name, f"{stem}/{case}", run.split(), file, shared + "\n" + body, chosen)


def fits(title, pattern):
    """Whether a pattern is that of a case, of what it lies in, or its last name."""
    pattern = pattern.rstrip("/")
    return fnmatch.fnmatch(title, pattern) or fnmatch.fnmatch(title, pattern + "/*") or fnmatch.fnmatch(title, "*/" + pattern)


def cases(tree, patterns):
    """All cases for a tree that one of the patterns fits; no pattern fits all."""
    for case in [*c_cases(tree), *script_cases(tree)]:
        if not patterns or any(fits(case.title, pattern) for pattern in patterns):
            yield case
