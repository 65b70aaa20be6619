"""Images that are generated, and a small registry on loopback that serves them."""

import gzip
import hashlib
import http.server
import json
import os
import random
import struct
import threading
import zlib

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
TAR = "application/vnd.oci.image.layer.v1.tar"
GZIP = TAR + "+gzip"
TIME = 1735689600  # 2025-01-01: equal runs make equal images
PAGE = 4096
PIECE = 1 << 20


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


# ---- tar

def archive(*parts):
    """The entries of all parts, and the end of the archive."""
    for part in parts:
        yield from part
    yield bytes(1024)


def header(name, size=0, kind=b"0", mode=0o644, target=b""):
    """One ustar header. Python's tarfile takes ten times as long for it, and there are half a million."""
    before = b"%b%07o\0%b%011o\0%011o\0" % (name.ljust(100, b"\0"), mode, b"0000000\0" * 2, size, TIME)
    after = kind + target.ljust(100, b"\0") + b"ustar\x0000" + bytes(247)
    return b"%b%06o\0 %b" % (before, sum(before) + sum(after) + 8 * 32, after)


def padding(size):
    return bytes(-size % 512)


class Pool:
    """Bytes from which files are cut: half of them text and half random, of which a compressor saves a good third.
    Each page of a file is stamped with a number of its own, so that no two blocks of an image are equal."""

    SIZE = 64 << 20

    def __init__(self):
        source = random.Random(20250101)
        words = [source.randbytes(source.randint(2, 5)).hex().encode() for _ in range(400)]
        text = b" ".join(source.choices(words, k=150_000))
        half = PAGE // 2
        pages = []
        for number in range(self.SIZE // PAGE):
            start = number * 1999 % (len(text) - half)
            pages += [source.randbytes(half), text[start:start + half]]
        pages += pages[:2 * PIECE // PAGE]  # a piece may begin at any page
        self.data = memoryview(b"".join(pages))

    def pieces(self, number, size):
        """The content of file `number`."""
        start = number * 7919 * PAGE % self.SIZE
        for offset in range(0, size, PIECE):
            begin = (start + offset) % self.SIZE
            piece = bytearray(self.data[begin:begin + min(PIECE, size - offset)])
            for page in range(0, len(piece) - 15, PAGE):
                struct.pack_into("<QQ", piece, page, number, offset + page)
            yield piece


def large_layer(pool, number, total):
    """Files of 1 KB to 64 MB, each size as likely as any other on a logarithmic scale, until `total` bytes are there."""
    source = random.Random(number)
    root = b"srv/layer-%d" % number
    yield header(b"srv/", kind=b"5", mode=0o755) + header(root + b"/", kind=b"5", mode=0o755)
    written = index = 0
    while written < total:
        if index % 100 == 0:
            folder = root + b"/%03d/" % (index // 100)
            yield header(folder, kind=b"5", mode=0o755)
        size = min(int(1000 * 64_000 ** source.random()), max(1000, total - written))
        yield header(folder + b"file-%d.bin" % index, size)
        yield from pool.pieces(number << 32 | index, size)
        yield padding(size)
        written += size
        index += 1


def small_files(pool, count):
    """`count` names of which one in 50 is a hard link and one in 50 a symbolic one, 100 to a folder; the files have
    100 to 4096 bytes, about 1000 on average."""
    source = random.Random(count)
    root = b"usr/lib/many/"
    batch = [header(name, kind=b"5", mode=0o755) for name in (b"usr/", b"usr/lib/", root)]
    for index in range(count):
        if index % 5000 == 0:
            group = root + b"g%04d/" % (index // 5000)
            batch.append(header(group, kind=b"5", mode=0o755))
        if index % 100 == 0:
            yield b"".join(batch)
            folder = group + b"d%02d/" % (index // 100 % 50)
            batch = [header(folder, kind=b"5", mode=0o755)]
        name = folder + b"module-%07d.js" % index
        if index % 50 == 49:
            batch.append(header(name, kind=b"1", target=folder + b"module-%07d.js" % (index - 1)))
        elif index % 50 == 25:
            batch.append(header(name, kind=b"2", mode=0o777, target=b"module-%07d.js" % (index - 1)))
        else:
            size = min(4096, 100 + int(source.expovariate(1 / 900)))
            batch.append(header(name, size, mode=0o644))
            batch += pool.pieces(index, size)
            batch.append(padding(size))
    yield b"".join(batch)


def top_layer(tree, total):
    """What a rebuilt application layer looks like: files of the tree, every other one in place of itself and the rest
    under new names, until `total` bytes are there. Their bytes are turned by a little more than a page: as
    compressible as before, and equal to no block that was compiled already."""
    files = []
    for folder, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            relative = os.fsencode(os.path.relpath(path, tree))
            # Downloaded packages are compressed already, and nobody's own layer consists of them.
            if not os.path.islink(path) and os.path.isfile(path) and len(relative) < 80 \
                    and not relative.endswith(b".deb") and 0 < os.path.getsize(path) <= total // 4:
                files.append((relative, path))
    random.Random(total).shuffle(files)
    yield header(b"opt/", kind=b"5", mode=0o755) + header(b"opt/new/", kind=b"5", mode=0o755)
    written = 0
    for index, (relative, path) in enumerate(files):
        if written >= total:
            return
        with open(path, "rb") as stream:
            data = stream.read()[:total - written]
        turn = (PAGE + 7) % len(data)
        name = relative if index % 2 else b"opt/new/%d-%b" % (index, os.path.basename(relative)[:60])
        yield header(name, len(data), mode=0o755) + data[turn:] + data[:turn] + padding(len(data))
        written += len(data)


# ---- blobs

class Held:
    """A blob in memory."""

    def __init__(self, data):
        self.data, self.size, self.digest = data, len(data), digest_of(data)

    def pieces(self):
        yield self.data


class Filed:
    """A blob in a file. Its digest is known."""

    def __init__(self, path, digest):
        self.path, self.size, self.digest = path, os.path.getsize(path), digest

    def pieces(self):
        with open(self.path, "rb") as stream:
            while piece := stream.read(PIECE):
                yield piece


class Generated:
    """A blob that is made anew whenever it is asked for. One pass tells its size and its digest."""

    def __init__(self, pieces):
        self.pieces = pieces
        digest, self.size = hashlib.sha256(), 0
        for piece in pieces():
            digest.update(piece)
            self.size += len(piece)
        self.digest = "sha256:" + digest.hexdigest()


class Layer:
    """A blob, what kind of blob, and the digest and the size of the tar archive in it."""

    def __init__(self, blob, media_type, tar_digest, tar_size):
        self.blob, self.media_type, self.tar_digest, self.tar_size = blob, media_type, tar_digest, tar_size

    @classmethod
    def plain(cls, pieces):
        blob = Generated(pieces)
        return cls(blob, TAR, blob.digest, blob.size)

    @classmethod
    def filed(cls, pieces, path):
        """Keeps the archive in a file, which costs little to serve."""
        digest = hashlib.sha256()
        with open(path, "wb") as stream:
            for piece in pieces:
                digest.update(piece)
                stream.write(piece)
        blob = Filed(path, "sha256:" + digest.hexdigest())
        return cls(blob, TAR, blob.digest, blob.size)

    @classmethod
    def gzipped(cls, pieces, path, level):
        """Compresses the archive into a file."""
        squeeze = zlib.compressobj(level, zlib.DEFLATED, 31)
        inner, outer, size = hashlib.sha256(), hashlib.sha256(), 0
        with open(path, "wb") as stream:
            for piece in pieces:
                inner.update(piece)
                size += len(piece)
                packed = squeeze.compress(piece)
                outer.update(packed)
                stream.write(packed)
            packed = squeeze.flush()
            outer.update(packed)
            stream.write(packed)
        return cls(Filed(path, "sha256:" + outer.hexdigest()), GZIP, "sha256:" + inner.hexdigest(), size)


class Image:
    """The layers of an OCI layout below, if there is one, and layers of our own on top."""

    def __init__(self, layers, layout=None):
        config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"]},
                  "rootfs": {"type": "layers", "diff_ids": []}}
        below, self.blobs, self.tar_size = [], [], 0
        if layout:
            manifest = read_blob(layout, load(os.path.join(layout, "index.json"))["manifests"][0]["digest"])
            config = read_blob(layout, manifest["config"]["digest"])
            config.pop("history", None)  # optional, and it would have to be kept in step
            below = manifest["layers"]
            for layer in below:
                blob = Filed(blob_path(layout, layer["digest"]), layer["digest"])
                self.blobs.append(blob)
                self.tar_size += unpacked_size(blob.path)
        config["rootfs"]["diff_ids"] += [layer.tar_digest for layer in layers]
        configuration = Held(json.dumps(config).encode())
        self.blobs += [configuration, *(layer.blob for layer in layers)]
        self.tar_size += sum(layer.tar_size for layer in layers)
        self.manifest = Held(json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": configuration.digest, "size": configuration.size},
            "layers": below + [{"mediaType": layer.media_type, "digest": layer.blob.digest, "size": layer.blob.size}
                               for layer in layers],
        }).encode())


def load(path):
    with open(path) as stream:
        return json.load(stream)


def blob_path(layout, digest):
    return os.path.join(layout, "blobs", *digest.split(":"))


def read_blob(layout, digest):
    return load(blob_path(layout, digest))


def unpacked_size(path):
    size = 0
    with gzip.open(path) as stream:
        while piece := stream.read(PIECE):
            size += len(piece)
    return size


# ---- the registry

class Registry:
    """As much of a registry as pulling needs. It only ever reads: scripts/testbed's own registry is shared between
    runs, so what is made here is not pushed there."""

    def __init__(self):
        self.manifests, self.blobs = {}, {}
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                registry.answer(self, body=False)

            def do_GET(self):
                registry.answer(self, body=True)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.mirror = f"docker.io=http://{self.host}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def add(self, repository, image):
        """Serves the image as repository:latest."""
        self.manifests[repository, "latest"] = self.manifests[repository, image.manifest.digest] = image.manifest
        self.blobs.update((blob.digest, blob) for blob in image.blobs)

    def answer(self, request, body):
        path = request.path.partition("?")[0]
        blob, kind = None, "application/octet-stream"
        if path in ("/v2", "/v2/"):
            blob, kind = Held(b"{}"), "application/json"
        elif "/manifests/" in path:
            repository, _, name = path.removeprefix("/v2/").rpartition("/manifests/")
            blob, kind = self.manifests.get((repository, name)), MANIFEST
        elif "/blobs/" in path:
            blob = self.blobs.get(path.rpartition("/blobs/")[2])
        if blob is None:
            blob, kind, status = Held(b'{"errors":[{"code":"NOT_FOUND"}]}'), "application/json", 404
        else:
            status = 200
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(blob.size))
        request.send_header("Docker-Content-Digest", blob.digest)
        request.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        request.end_headers()
        if not body:
            return
        try:
            if isinstance(blob, Filed):
                request.wfile.flush()
                with open(blob.path, "rb") as stream:
                    request.connection.sendfile(stream)  # the kernel copies: a registry costs little
            else:
                for piece in blob.pieces():
                    request.wfile.write(piece)
        except (BrokenPipeError, ConnectionResetError):
            request.close_connection = True

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def large_archive(pool, numbers, each):
    """Layers of the large image as one archive, for what knows no layers."""
    return archive(*(large_layer(pool, number, each) for number in numbers))
