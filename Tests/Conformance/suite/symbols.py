"""Which versions of the C library's symbols a program asks for."""
import re
import shutil
import subprocess

from .fixtures import PROGRAMS
from .settings import Missing
from .verdicts import DIFFERENT, SAME, Row

OLDEST = (2, 17)


def versions(path):
    """The versions of glibc that a file's symbols are of."""
    if not shutil.which("readelf"):
        raise Missing("readelf is not installed")
    text = subprocess.run(["readelf", "--wide", "--version-info", path], check=True, stdout=subprocess.PIPE).stdout
    return {tuple(map(int, found.split("."))) for found in re.findall(r"\bGLIBC_([\d.]+)\b", text.decode())}


def rows(tree):
    """Whether the programs for glibc 2.17 are such, and could be anything else: the others on this machine are not."""
    if "old" not in tree.variants:
        return []
    found = {name: versions(f"{tree.layer}{PROGRAMS}/{name}/c") for name in tree.variants}
    younger = sorted(version for version in found["old"] if version > OLDEST)
    good = found["old"] and not younger and max(found["plain"]) > OLDEST
    return [Row(f"{tree.name}/old/(symbols)", *("GLIBC_" + ".".join(map(str, max(found[name], default=(0,))))
                                              for name in ("plain", "old")),
                SAME if good else DIFFERENT, f"younger than 2.17: {younger}; of plain: {sorted(found['plain'])}")]
