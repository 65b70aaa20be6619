"""Lists everything that a tree says about itself, one name a line, for comparison with another tree.

Usage: list-tree.py ROOT [CLOCK]. Times from CLOCK on are shown as 0: nobody but the unpacker's clock said them.
"""
import errno
import hashlib
import os
import stat
import sys

root = os.fsencode(sys.argv[1])
clock = int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 62


def digest(path):
    sum = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            sum.update(piece)
    return sum.hexdigest()


def paths():
    yield root
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            yield os.path.join(folder, name)


first_name = {}
for path in sorted(paths()):
    status = os.lstat(path)
    kind = stat.S_IFMT(status.st_mode)
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as problem:
        # A squashfs image without any attribute has no table of them, and the kernel says that it knows none.
        if problem.errno != errno.ENOTSUP:
            raise
        names = []
    facts = [
        os.path.relpath(path, root),
        oct(status.st_mode),
        status.st_uid,
        status.st_gid,
        0 if status.st_mtime >= clock else int(status.st_mtime),
        status.st_nlink,
        {name: os.getxattr(path, name, follow_symlinks=False) for name in sorted(names)},
    ]
    if kind in (stat.S_IFBLK, stat.S_IFCHR):
        facts.append(status.st_rdev)
    if kind == stat.S_IFREG:
        facts += [status.st_size, digest(path)]
    if kind == stat.S_IFLNK:
        facts.append(os.readlink(path))
    if kind != stat.S_IFDIR and status.st_nlink > 1:
        facts.append(first_name.setdefault((status.st_dev, status.st_ino), os.path.relpath(path, root)))
    print(facts)
