"""What the cases find in every tree: files, links, scripts, libraries, users, and the C programs."""
import os
import shutil
import struct
import subprocess
import sys

from .settings import CACHE, FOLDER, Missing, say

DATA, PROGRAMS = "/usr/share/conformance", "/usr/libexec/conformance"
TRIPLE = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}
LOADERS = {
    ("glibc", "x86_64"): "/lib64/ld-linux-x86-64.so.2",
    ("glibc", "aarch64"): "/lib/ld-linux-aarch64.so.1",
    ("musl", "x86_64"): "/lib/ld-musl-x86_64.so.1",
}
# Where a library lies that is found by its bare name alone.
BARE = {"glibc": "/usr/lib/{triple}", "musl": "/usr/lib/conformance-musl"}
# How each variant of the C programs is compiled. "old" refers to no symbol younger than glibc 2.17.
COMPILERS = {
    "plain": ["gcc", "-O1", "-U_FORTIFY_SOURCE"],
    "fortified": ["gcc", "-O2", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"],
    "old": [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu.2.17", "-O1", "-fno-sanitize=all"],
    "musl": ["musl-gcc", "-O1", "-D_LARGEFILE64_SOURCE"],
    "arm64": ["aarch64-linux-gnu-gcc", "-O1"],
}
ZIG = "ziglang==0.13.0.post1"


def put(folder, path, content, mode=0o644):
    place = folder + path
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    os.chmod(place, mode)


def link(folder, path, target):
    os.makedirs(os.path.dirname(folder + path), exist_ok=True)
    os.symlink(target, folder + path)


def make(folder, tree, libc, machine, variants):
    """The layer that goes over the tree."""
    files(folder)
    scripts(folder)
    programs_that_are_none(folder, machine)
    names(folder, tree)
    put(folder, "/desk/.keep", "")
    os.unlink(folder + "/desk/.keep")
    messages(folder)
    if libc == "glibc":
        locale(folder)
    for variant in variants:
        try:
            compile_programs(folder, variant, libc, machine)
        except Missing as reason:
            if variant != "old":
                raise
            say(f"no programs for glibc 2.17: {reason}")
    for variant in variants[:1]:
        compile_plugins(folder, variant, libc, machine)


def made_variants(layer):
    """The variants of the C programs that the layer has."""
    try:
        return sorted(os.listdir(layer + PROGRAMS))
    except FileNotFoundError:
        return []


def files(folder):
    put(folder, f"{DATA}/file", "hello")
    put(folder, f"{DATA}/read-only", "read only\n", 0o444)
    put(folder, f"{DATA}/removable", "x")
    put(folder, f"{DATA}/folder/inner", "inner\n")
    put(folder, f"{DATA}/folder/sub/leaf", "leaf\n")
    link(folder, f"{DATA}/folder/link", f"{DATA}/file")
    for name, root in (("absolute", "/"), ("climbing", "../../../")):
        link(folder, f"{DATA}/tmp-{name}", f"{root}tmp/by-{name}")
        link(folder, f"{DATA}/proc-{name}", f"{root}proc/version")
    put(folder, "/usr/conformance-above", "above\n")
    put(folder, "/etc/conformance-only-in-image", "only in the image\n")
    for name, target in (
            ("absolute-link", f"{DATA}/file"), ("relative-link", "file"), ("dangling", "/no/where"), ("loop", "loop"),
            ("chain", f"{DATA}/chain2"), ("chain2", "/usr/share/../share/conformance"),
            ("folder-link", f"{DATA}/folder"), ("link-to-root", "/"), ("link-to-share", "/usr/share"),
            ("link-to-proc", "/proc/self/comm"), ("link-above-root", "/../../usr/share/conformance/file"),
            ("script-link", f"{DATA}/script")):
        link(folder, f"{DATA}/{name}", target)


def scripts(folder):
    def script(name, content, mode=0o755):
        put(folder, f"{DATA}/{name}", content, mode)

    body = 'echo "$0:$#:$*"\n'
    script("script", "#!/bin/sh\n" + body)
    script("script-argument", "#!/bin/sh -e\n" + body)
    script("script-two-words", "#!/bin/sh -e -u\n" + body)
    script("script-spaces", "#! \t /bin/sh  \t -e  \t\n" + body)
    script("script-interpreter", '#!/bin/sh\necho "interpreter $0:$#:$*"\n')
    script("script-nested", f"#!{DATA}/script-interpreter one two\n")
    script("script-env", "#!/usr/bin/env sh\n" + body)
    script("script-missing", "#!/no/such/interpreter\n")
    script("script-crlf", "#!/bin/sh\r\n" + body)
    script("script-not-executable", "#!/bin/sh\n" + body, 0o644)
    script("script-no-magic", 'echo "no magic $0:$#:$*"\n')
    script("script-empty", "")
    script("script-folder", f"#!{DATA}/folder\n")
    script("script-no-newline", "#!/bin/sh")
    script("script-relative", "#!script-interpreter\n")
    script("script-only-magic", "#!\n")
    script("script-to-program", "#!/bin/echo words and more\n")
    script("script-quiet", f"#!/bin/sh\nread line <{DATA}/file\n[ \"$line\" = hello ] && exit 3\n")
    script("script-loop", f"#!{DATA}/script-loop\n")
    script("deep-1", "#!/bin/echo deep\n")
    for depth in range(2, 7):
        script(f"deep-{depth}", f"#!{DATA}/deep-{depth - 1} d{depth}\n")
    for length in (250, 300):
        line = "#!/bin/echo " + "x" * (length - len("#!/bin/echo "))
        script(f"script-{length}", line + "\n")
    script("script-cut", "#!/" + "./" * 200 + "bin/echo\n")


def programs_that_are_none(folder, machine):
    number = {"x86_64": 62, "aarch64": 183}[machine]
    other = {62: 183, 183: 62}[number]

    def header(kind, target, count=0):
        return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", kind, target, 1, 0, 64, 0, 0, 64, 56,
                                                              count, 0, 0, 0)

    def bad(name, content):
        put(folder, f"{DATA}/{name}", content, 0o755)

    bad("bad-empty-elf", b"\x7fELF")
    bad("bad-truncated", header(3, number, 9))
    bad("bad-machine", header(3, other) + bytes(200))
    bad("bad-interpreter", header(3, number, 1) + struct.pack("<IIQQQQQQ", 3, 4, 5000, 0, 0, 60, 60, 1))
    bad("bad-text", b"\x00\x01\x02 no program\n")


def names(folder, tree):
    def appended(path, line):
        text = b""
        if os.path.exists(tree + path):
            with open(tree + path, "rb") as file:
                text = file.read()
        put(folder, path, text + line.encode())

    appended("/etc/passwd", "conformance:x:4321:4321:A user of the image,,,:/home/conformance:/bin/sh\n"
                            "sandbox:x:993:990::/:/bin/false\n")
    crowd = ",".join(f"member{number}" for number in range(2500))
    appended("/etc/group", "conformance:x:4321:\nhelpers:x:4400:conformance,root\nsandbox:x:990:\n"
                           f"crowd:x:4500:{crowd}\nlate:x:4600:latecomer\n")
    appended("/etc/services", "conformance 4711/tcp\n")
    appended("/etc/protocols", "conformance 222 CONFORMANCE\n")
    put(folder, "/etc/hosts", "127.0.0.1 localhost\n10.9.8.6 image-only-in-hosts\n")
    put(folder, "/etc/hostname", "image\n")
    put(folder, "/etc/resolv.conf", "nameserver 127.0.0.9\n")
    link(folder, "/etc/localtime", "/usr/share/zoneinfo/Asia/Kolkata")


def messages(folder):
    """A catalogue of messages in gettext's binary form."""
    pairs = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", "Good morning": "Guten Morgen"}.items())
    count = len(pairs)
    offset = 28 + 16 * count
    tables, strings = b"", b""
    for column in (0, 1):
        for pair in pairs:
            text = pair[column].encode()
            tables += struct.pack("<II", len(text), offset + len(strings))
            strings += text + b"\0"
    catalogue = struct.pack("<7I", 0x950412de, 0, count, 28, 28 + 8 * count, 0, 0) + tables + strings
    for place in ("/usr/share/locale/de/LC_MESSAGES/conformance.mo", f"{DATA}/locale/de/LC_MESSAGES/other.mo"):
        put(folder, place, catalogue)


def locale(folder):
    if shutil.which("localedef") and os.path.exists("/usr/share/i18n/locales/de_DE"):
        os.makedirs(f"{folder}/usr/lib/locale")
        subprocess.run(["localedef", "--no-archive", "-i", "de_DE", "-f", "UTF-8", f"{folder}/usr/lib/locale/de_DE.utf8"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    else:
        say("no locale de_DE: the package 'locales' is not installed")


def compiled(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                            check=False, env=compiler_environment())
    if result.returncode:
        raise Missing(f"{' '.join(command)} failed:\n{result.stdout.decode(errors='replace')[-3000:]}")


def compiler_environment():
    zig = os.path.join(CACHE, "zig")
    return {**os.environ, "PYTHONPATH": zig, "ZIG_GLOBAL_CACHE_DIR": zig + "/cache", "ZIG_LOCAL_CACHE_DIR": zig + "/cache"}


def provide_zig():
    """A compiler that links against the C library of 2013, from PyPI's own client."""
    zig = os.path.join(CACHE, "zig")
    if not os.path.isdir(f"{zig}/ziglang"):
        result = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", zig, ZIG],
                                check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode:
            raise Missing(f"pip cannot install {ZIG}: {result.stdout.decode(errors='replace')[-300:]}")


def compile_programs(folder, variant, libc, machine):
    compiler = COMPILERS[variant]
    if variant == "old":
        provide_zig()
    elif not shutil.which(compiler[0]):
        raise Missing(f"{compiler[0]} is not installed")
    source = os.path.join(FOLDER, "programs")
    place = f"{folder}{PROGRAMS}/{variant}"
    os.makedirs(f"{place}/lib")
    sources = [f"{source}/{name}" for name in sorted(os.listdir(source))
               if name.endswith(".c") and name not in ("start.c", "timed.c", "decoy.c", "plugin.c", "static.c")]
    compiled(*compiler, "-w", "-std=gnu11", "-pthread", "-o", f"{place}/c", *sources, "-ldl",
             f"-Wl,-rpath,$ORIGIN/lib:{DATA}/runpath", "-Wl,--enable-new-dtags")
    compiled(*compiler, "-w", "-shared", "-fPIC", '-DNAME="beside the program"', "-o", f"{place}/lib/liborigin.so",
             f"{source}/plugin.c")


def compile_plugins(folder, variant, libc, machine):
    compiler, source = COMPILERS[variant], os.path.join(FOLDER, "programs", "plugin.c")
    plugins = f"{folder}{DATA}/plugins"
    bare = folder + BARE[libc].format(triple=TRIPLE[machine])
    for place in (plugins, bare, f"{folder}{DATA}/runpath"):
        os.makedirs(place, exist_ok=True)

    def library(path, *flags):
        compiled(*compiler, "-w", "-shared", "-fPIC", "-o", path, source, *flags)

    library(f"{plugins}/libplug.so", '-DNAME="the plug-in"')
    library(f"{plugins}/libneeds-path.so", '-DNAME="found by LD_LIBRARY_PATH"')
    library(f"{plugins}/libopens.so", "-DOPENS")
    library(f"{plugins}/libpreload.so", "-DPRELOAD")
    library(f"{plugins}/libdependency.so", "-DDEPENDENCY", "-Wl,-soname,libdependency.so")
    library(f"{plugins}/libneeds.so", "-DNEEDS", f"-L{plugins}", "-ldependency", "-Wl,-rpath,$ORIGIN")
    library(f"{bare}/libbare.so", '-DNAME="in a folder of libraries"')
    library(f"{folder}{DATA}/runpath/libabsolute.so", '-DNAME="by an absolute run path"')
    link(folder, f"{DATA}/plugins/absolute-link.so", f"{DATA}/plugins/libplug.so")
    static = f"{folder}{DATA}/static"
    compiled(*compiler, "-w", "-static", "-DSTATIC", "-o", static, os.path.join(FOLDER, "programs", "static.c"))
