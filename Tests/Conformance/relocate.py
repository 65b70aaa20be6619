#!/usr/bin/env python3
"""Relocates a tree as docs/relocation.md says, written from that text alone: the oracle for the linker's own work.

    relocate.py TREE PREFIX     changes TREE in place and prints what was done as JSON

A file that is changed is written anew, so that a tree of hard links to another one leaves the other alone.
"""
import glob
import json
import os
import stat
import struct
import sys

HOSTS_EVERYWHERE = (b"/proc", b"/dev", b"/sys", b"/tmp")
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NULL, DT_STRTAB, DT_RPATH, DT_RUNPATH = 0, 5, 15, 29


class Malformed(Exception):
    pass


class ELF:
    """The parts of a 64-bit little-endian ELF file that matter here."""

    def __init__(self, data):
        if data[:4] != b"\x7fELF":
            raise Malformed("no ELF file")
        if data[4:6] != b"\x02\x01":
            raise Malformed("not 64-bit little-endian")
        self.data = data
        try:
            self.kind, self.machine = struct.unpack_from("<HH", data, 16)
            self.table, = struct.unpack_from("<Q", data, 32)
            self.entry_size, self.count = struct.unpack_from("<HH", data, 54)
            if self.count and self.entry_size < 56:
                raise Malformed("program headers too small")
            # kind, flags, offset, vaddr, paddr, filesz, memsz, align
            self.segments = [struct.unpack_from("<IIQQQQQQ", data, self.table + i * self.entry_size)
                             for i in range(self.count)]
        except struct.error:
            raise Malformed("truncated") from None

    def segment(self, kind):
        return next((i for i, segment in enumerate(self.segments) if segment[0] == kind), None)

    @property
    def interpreter(self):
        index = self.segment(PT_INTERP)
        if index is None:
            return None
        offset, size = self.segments[index][2], self.segments[index][5]
        name = self.data[offset:offset + size]
        if len(name) != size or not name.endswith(b"\0"):
            raise Malformed("the interpreter's name does not end")
        return name[:-1]

    def with_interpreter(self, name):
        """The file with another interpreter: appended, and pointed to by the same program header."""
        index = self.segment(PT_INTERP)
        data = bytearray(self.data)
        header = self.table + index * self.entry_size
        struct.pack_into("<Q", data, header + 8, len(data))
        struct.pack_into("<QQ", data, header + 32, len(name) + 1, len(name) + 1)
        return bytes(data) + name + b"\0"

    def offset_of(self, address):
        for kind, _, offset, start, _, size, _, _ in self.segments:
            if kind == PT_LOAD and start <= address < start + size:
                return address - start + offset
        raise Malformed("an address outside the file")

    @property
    def run_paths(self):
        index = self.segment(PT_DYNAMIC)
        if index is None:
            return []
        _, _, offset, _, _, size, _, _ = self.segments[index]
        tags = []
        for at in range(offset, min(offset + size, len(self.data) - 15), 16):
            tag, value = struct.unpack_from("<QQ", self.data, at)
            if tag == DT_NULL:
                break
            tags.append((tag, value))
        strings = dict(tags).get(DT_STRTAB)
        found = []
        for tag, value in tags:
            if tag in (DT_RPATH, DT_RUNPATH) and strings is not None:
                start = self.offset_of(strings) + value
                end = self.data.find(b"\0", start)
                found += [part for part in self.data[start:end].split(b":") if part.startswith(b"/")]
        return found


def below(path, folders):
    return any(path == folder or path.startswith(folder + b"/") for folder in folders)


def hosts_path(target, inside):
    """The absolute path of a relative target that goes up to the root and down into a folder of the host's; else None."""
    if target.startswith(b"/"):
        return None
    names = [name for name in target.split(b"/") if name not in (b"", b".")]
    rest = names[:]
    while rest and rest[0] == b"..":
        rest.pop(0)
    path = b"/" + b"/".join(rest)
    climbs = len(names) - len(rest) >= inside.count(b"/") - 1
    return path if climbs and rest and b".." not in rest and below(path, HOSTS_EVERYWHERE) else None


def replace(path, status, data):
    temporary = path + b".relocating"
    with open(temporary, "wb") as file:
        file.write(data)
    os.chmod(temporary, stat.S_IMODE(status.st_mode))
    os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.rename(temporary, path)


def relocate(root, prefix):
    """Changes the tree, and returns what was changed, what could not be, and the run paths that its files name."""
    root, prefix = os.fsencode(root).rstrip(b"/"), os.fsencode(prefix).rstrip(b"/")
    report = {"links": 0, "interpreters": 0, "static": [], "malformed": [], "runPaths": []}
    done = {}
    paths = []
    for folder, folders, files in os.walk(root):
        paths += [os.path.join(folder, name) for name in folders + files]
    for path in sorted(paths):
        status = os.lstat(path)
        inside = path[len(root):]
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(path)
            there = hosts_path(target, inside)
            if there is not None:
                os.unlink(path)
                os.symlink(there, path)
                os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
                report["links"] += 1
                continue
            if target.startswith(b"/") and not below(os.path.normpath(target), HOSTS_EVERYWHERE):
                relative = os.path.relpath(b"/" + target.lstrip(b"/"), os.path.dirname(inside))
                if target.endswith(b"/"):
                    relative += b"/"
                os.unlink(path)
                os.symlink(relative, path)
                os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
                report["links"] += 1
        elif stat.S_ISREG(status.st_mode) and status.st_size >= 64:
            identity = status.st_dev, status.st_ino
            if status.st_nlink > 1 and identity in done:
                # Another name of a file that was changed: it follows.
                os.unlink(path)
                os.link(done[identity], path)
                continue
            with open(path, "rb") as file:
                head = file.read(4)
                if head != b"\x7fELF":
                    continue
                data = head + file.read()
            try:
                elf = ELF(data)
                report["runPaths"] += [os.fsdecode(part) for part in elf.run_paths]
                interpreter = elf.interpreter
                if interpreter is None:
                    if elf.kind == 2 or elf.kind == 3 and elf.segment(PT_DYNAMIC) is None:
                        report["static"].append(os.fsdecode(inside))
                    continue
                if interpreter.startswith(b"/") and not below(interpreter, [prefix]):
                    replace(path, status, elf.with_interpreter(prefix + interpreter))
                    report["interpreters"] += 1
                    done[identity] = path
            except Malformed as problem:
                report["malformed"].append(f"{os.fsdecode(inside)}: {problem}")
    return report


def resolve(root, path):
    """Where an absolute path of the tree leads inside it, links followed."""
    done, todo, hops = [], [part for part in path.split("/") if part], 0
    while todo:
        part = todo.pop(0)
        if part == ".":
            continue
        if part == "..":
            done = done[:-1]
            continue
        here = os.path.join(root, *done, part)
        if os.path.islink(here):
            hops += 1
            if hops > 40:
                return None
            target = os.readlink(here)
            if target.startswith("/"):
                done = []
            todo = [piece for piece in target.split("/") if piece] + todo
        else:
            done.append(part)
    return "/" + "/".join(done)


def has_libraries(root, folder):
    where = resolve(root, folder)
    if where is None:
        return False
    try:
        return any(".so" in name for name in os.listdir(root + where))
    except OSError:
        return False


def configured(root, path, seen):
    """The folders of an ld.so.conf, with what it includes."""
    if path in seen:
        return []
    seen.add(path)
    found = []
    try:
        with open(root + (resolve(root, path) or path)) as file:
            lines = file.readlines()
    except OSError:
        return []
    for line in lines:
        line = line.split("#")[0].strip()
        if line.startswith("include"):
            for pattern in line.split()[1:]:
                if not pattern.startswith("/"):
                    pattern = os.path.join(os.path.dirname(path), pattern)
                for name in sorted(glob.glob(root + pattern)):
                    found += configured(root, name[len(root):], seen)
        elif line:
            found.append(line.split("=")[0].strip())
    return found


def library_folders(root, machine, libc, run_paths, layers=()):
    """The folders of libraries in the order of the image's own loader; then what run paths name.

    The layers lie over the root, and may have libraries in folders that the root configures."""
    if libc == "musl":
        try:
            with open(f"{root}/etc/ld-musl-{machine}.path") as file:
                folders = [part for part in file.read().replace("\n", ":").split(":") if part]
        except OSError:
            folders = ["/lib", "/usr/local/lib", "/usr/lib"]
    else:
        triple = f"{machine}-linux-gnu"
        folders = configured(root, "/etc/ld.so.conf", set())
        folders += [f"/lib/{triple}", f"/usr/lib/{triple}", "/lib64", "/usr/lib64", "/lib", "/usr/lib"]
    unique = list(dict.fromkeys(folder.rstrip("/") for folder in folders + sorted(set(run_paths))))
    return [folder for folder in unique if folder.startswith("/") and any(has_libraries(place, folder) for place in (root, *layers))]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(json.dumps(relocate(sys.argv[1], sys.argv[2]), indent=4))
