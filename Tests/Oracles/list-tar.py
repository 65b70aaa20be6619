"""Lists the members of a tar archive as Python's tarfile reads them, a line each, in hexadecimal where bytes may be odd.

Usage: list-tar.py ARCHIVE. Fields: path, type, mode, owner, group, time, major, minor, target, attributes, content.
"""
import sys
import tarfile

with tarfile.open(sys.argv[1], encoding="utf-8", errors="surrogateescape") as archive:
    for member in archive:
        content = archive.extractfile(member).read() if member.isreg() else b""
        prefix = "SCHILY.xattr."
        attributes = ",".join(
            f"{key[len(prefix):].encode('utf-8', 'surrogateescape').hex()}"
            f"={value.encode('utf-8', 'surrogateescape').hex()}"
            for key, value in sorted(member.pax_headers.items())
            if key.startswith(prefix)
        )
        print(
            "." + member.name.encode("utf-8", "surrogateescape").hex(),
            member.type.decode(),
            member.mode,
            member.uid,
            member.gid,
            int(member.mtime),
            member.devmajor,
            member.devminor,
            "." + member.linkname.encode("utf-8", "surrogateescape").hex(),
            "." + attributes,
            "." + content.hex(),
        )
