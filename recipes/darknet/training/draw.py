#!/usr/bin/env python3
"""Draws pictures of circles, squares and triangles, and writes down where they are, as darknet's training wants it.

usage: draw.py COUNT FOLDER        FOLDER/images/*.png, FOLDER/labels/*.txt, FOLDER/images.txt
       draw.py --sample FILE.png   the picture that the recipe is tested with

Every run draws the same pictures. Needs nothing but Python.
"""
import math
import os
import random
import struct
import sys
import zlib

KINDS = ("circle", "square", "triangle")


def write_png(path, width, height, pixels):
    """Pixels are rows of bytes, three for each pixel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(row) for row in pixels)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


class Shape:
    """One shape: its corners (none for a circle), its box, and whether a point is inside."""

    def __init__(self, kind, x, y, radius, angle, colour):
        self.kind, self.x, self.y, self.radius, self.colour = kind, x, y, radius, colour
        count = {"circle": 0, "square": 4, "triangle": 3}[kind]
        self.corners = [(x + radius * math.cos(angle + 2 * math.pi * n / count),
                         y + radius * math.sin(angle + 2 * math.pi * n / count)) for n in range(count)]
        across = [corner[0] for corner in self.corners] or [x - radius, x + radius]
        down = [corner[1] for corner in self.corners] or [y - radius, y + radius]
        self.box = (min(across), min(down), max(across), max(down))

    def covers(self, x, y):
        if not self.corners:
            return (x - self.x) ** 2 + (y - self.y) ** 2 <= self.radius ** 2
        pairs = zip(self.corners, self.corners[1:] + self.corners[:1])
        return all((bx - ax) * (y - ay) >= (by - ay) * (x - ax) for (ax, ay), (bx, by) in pairs)


def contrasting(generator, other):
    """A colour that stands out from another."""
    while True:
        colour = [generator.randrange(256) for _ in range(3)]
        if sum(abs(a - b) for a, b in zip(colour, other)) > 180:
            return colour


def paint(generator, width, height, ground, shapes, noise):
    """Rows of pixels: the ground, a little lighter to the right, the shapes, and some noise over all."""
    rows = []
    for y in range(height):
        row = bytearray()
        for x in range(width):
            colour = [value + 30 * x / width for value in ground]
            for shape in shapes:
                if shape.box[0] <= x <= shape.box[2] and shape.box[1] <= y <= shape.box[3] and shape.covers(x, y):
                    colour = shape.colour
            row += bytes(max(0, min(255, int(value + generator.uniform(-noise, noise)))) for value in colour)
        rows.append(row)
    return rows


def scatter(generator, size, ground):
    """One to four shapes that do not touch."""
    shapes = []
    for _ in range(generator.randint(1, 4)):
        kind = generator.choice(KINDS)
        radius = generator.uniform(9, 21)
        # A square stands on a side and a triangle on its base, more or less.
        lean = generator.uniform(-0.2, 0.2)
        angle = {"circle": 0, "square": math.pi / 4, "triangle": -math.pi / 2}[kind] + lean
        x, y = (generator.uniform(radius, size - radius) for _ in range(2))
        shape = Shape(kind, x, y, radius, angle, contrasting(generator, ground))
        if all(math.hypot(x - other.x, y - other.y) > radius + other.radius + 2 for other in shapes):
            shapes.append(shape)
    return shapes


def training_set(count, folder):
    generator, size = random.Random(1), 96
    for name in ("images", "labels"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    paths = []
    for number in range(count):
        ground = [generator.randrange(226) for _ in range(3)]
        shapes = scatter(generator, size, ground)
        path = os.path.abspath(f"{folder}/images/{number:04d}.png")
        write_png(path, size, size, paint(generator, size, size, ground, shapes, generator.uniform(0, 12)))
        with open(f"{folder}/labels/{number:04d}.txt", "w") as labels:
            for shape in shapes:
                left, top, right, bottom = (value / size for value in shape.box)
                labels.write(f"{KINDS.index(shape.kind)} {(left + right) / 2:.5f} {(top + bottom) / 2:.5f} "
                             f"{right - left:.5f} {bottom - top:.5f}\n")
        paths.append(path)
    with open(f"{folder}/images.txt", "w") as listing:
        listing.write("".join(f"{path}\n" for path in paths))


def sample(path):
    """Larger than what the network was trained on, and in other colours."""
    shapes = [
        Shape("circle", 48, 50, 30, 0, (214, 60, 50)),
        Shape("square", 140, 52, 34, math.pi / 4, (240, 220, 90)),
        Shape("triangle", 70, 140, 36, -math.pi / 2, (90, 220, 140)),
        Shape("circle", 150, 140, 26, 0, (230, 230, 240)),
    ]
    write_png(path, 192, 192, paint(random.Random(2), 192, 192, (36, 44, 92), shapes, 0))


if len(sys.argv) == 3 and sys.argv[1] == "--sample":
    sample(sys.argv[2])
elif len(sys.argv) == 3 and sys.argv[1].isdigit():
    training_set(int(sys.argv[1]), sys.argv[2])
else:
    sys.exit(__doc__)
