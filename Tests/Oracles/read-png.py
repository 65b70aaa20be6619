"""What is in pictures: `WIDTH HEIGHT COLOURS` a line each, COLOURS the bytes of all pixels, in hex; an error for what is none.

Usage: read-png.py FILE…

PNG specification, third edition: signature, chunks with their sums, and rows of 8 bits a colour without a filter.
"""

import struct
import sys
import zlib

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        picture = file.read()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is no PNG"
    chunks, place = [], 8
    while place < len(picture):
        size, = struct.unpack_from(">I", picture, place)
        kind, content = picture[place + 4:place + 8], picture[place + 8:place + 8 + size]
        total, = struct.unpack_from(">I", picture, place + 8 + size)
        assert total == zlib.crc32(kind + content), f"{path} has a torn chunk {kind}"
        chunks.append((kind, content))
        place += 12 + size
    assert chunks[0][0] == b"IHDR" and chunks[-1] == (b"IEND", b""), f"{path} is not whole"
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    assert (depth, colour, rest) == (8, 2, [0, 0, 0]), f"{path} is another kind of picture"
    data = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
    row = 1 + 3 * width
    assert len(data) == row * height, f"{path} lacks rows"
    rows = [data[start:start + row] for start in range(0, len(data), row)]
    assert all(line[0] == 0 for line in rows), f"{path} is filtered"
    print(width, height, b"".join(line[1:] for line in rows).hex())
