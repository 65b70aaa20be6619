"""Stacks layers with the kernel's overlayfs and prints the tree: a line for each name, as the tests write trees.

usage: overlay-tree.py FOLDER LAYER.tar...    FOLDER is empty; layers stand base first; needs root

A whiteout becomes what overlayfs has for it: a character device 0:0, or the attribute of an opaque folder. Where the
layer has a folder of the hidden name itself, hiding the lower one is the same as making its own opaque.
"""

import os
import stat
import subprocess
import sys

work, *archives = sys.argv[1:]
OPAQUE = ".wh..wh..opq"


def convert(layer):
    for folder, folders, files in os.walk(os.fsencode(layer), topdown=False):
        for name in folders + files:
            if not name.startswith(b".wh."):
                continue
            marker = os.path.join(folder, name)
            subprocess.run(["rm", "-rf", marker], check=True)
            if name == OPAQUE.encode():
                os.setxattr(folder, "trusted.overlay.opaque", b"y")
                continue
            hidden = os.path.join(folder, name[4:])
            if not os.path.lexists(hidden):
                os.mknod(hidden, stat.S_IFCHR, os.makedev(0, 0))
            elif os.path.isdir(hidden) and not os.path.islink(hidden):
                os.setxattr(hidden, "trusted.overlay.opaque", b"y")


def lines(root):
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, root)
            if os.path.islink(path):
                yield f"{shown} -> {os.readlink(path)}"
            elif os.path.isdir(path):
                yield shown + "/"
            else:
                with open(path) as stream:
                    yield f"{shown}={stream.read()}"


# Overlayfs wants two layers at least.
layers = [os.path.join(work, "nothing")]
os.mkdir(layers[0])
for number, archive in enumerate(archives):
    layer = os.path.join(work, f"layer-{number}")
    os.mkdir(layer)
    subprocess.run(["tar", "-xf", archive, "-C", layer], check=True)
    convert(layer)
    layers.append(layer)
merged = os.path.join(work, "merged")
os.mkdir(merged)
subprocess.run(["mount", "-t", "overlay", "overlay", "-o", "lowerdir=" + ":".join(reversed(layers)), merged], check=True)
try:
    print("\n".join(sorted(lines(merged))))
finally:
    subprocess.run(["umount", merged], check=True)
