"""The images that cases run in: made once, cached, and relocated beside."""
import contextlib
import fcntl
import glob
import hashlib
import inspect
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field

import relocate

from . import fixtures
from .settings import CACHE, FOLDER, PREFIX, TESTBED, Missing, say


@dataclass
class Tree:
    name: str
    plain: str
    relocated: str
    layer: str
    relocated_layer: str
    machine: str
    libc: str
    folders: list
    variants: list
    environment: dict = field(default_factory=dict)

    @property
    def loader(self):
        return fixtures.LOADERS[self.libc, self.machine]

    def has(self, path):
        return any(relocate.resolve(root, path) and os.path.exists(root + relocate.resolve(root, path))
                   for root in (self.plain, self.layer))


def run(*command, **more):
    """A step of making a tree; what it said is shown when it fails."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            check=False, **more)
    if result.returncode:
        tail = result.stdout.decode(errors="replace")[-2000:]
        raise Missing(f"'{' '.join(command)[:200]}' failed: {tail.strip()}")
    return result.stdout.decode(errors="replace")


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Missing(f"{program} is not installed")


# ------------------------------------------------------------------------------------------------ how each is made

def from_testbed(image, packages=(), source=None):
    """A testbed image, unpacked; with files of further Debian packages put into it."""
    def make(folder):
        need("umoci")
        say(f"{image}: making the tree")
        layout = run(TESTBED, "layout", image).strip().splitlines()[-1]
        run("umoci", "unpack", "--rootless", "--image", f"{layout}:latest", folder + ".bundle")
        os.rename(f"{folder}.bundle/rootfs", folder)
        shutil.rmtree(folder + ".bundle")
        apt = Apt(folder, folder + ".apt")
        if packages:
            for package in apt.download(packages):
                run("dpkg-deb", "--extract", package, folder + ".package")
                run("cp", "-a", "--", folder + ".package/.", folder + "/")
                shutil.rmtree(folder + ".package")
        if source:
            name, release, members, target = source
            with tarfile.open(apt.source(name, release)) as archive:
                for member in archive:
                    inside = member.name.partition("/")[2]
                    if re.fullmatch(members, inside) and (member.isreg() or member.isdir()):
                        member.name = inside
                        archive.extract(member, folder + target)
        apt.close()
    return make


def debian():
    """A tree of Debian's, whose sources of packages can be read."""
    with locked("python"):
        return plain_tree("python")


class Apt:
    """Packages of the image's own distribution, through apt with folders of its own."""

    def __init__(self, tree, folder, architecture="amd64"):
        self.folder, self.sources = folder, os.path.join(tree, "etc/apt/sources.list")
        self.architecture = architecture
        self.updated = False

    def call(self, *words):
        need("apt-get")
        os.makedirs(f"{self.folder}/lists/partial", exist_ok=True)
        os.makedirs(f"{self.folder}/cache/archives/partial", exist_ok=True)
        options = {
            "Dir::State::lists": f"{self.folder}/lists", "Dir::Cache": f"{self.folder}/cache",
            "Dir::State::status": "/dev/null", "Dir::Etc::sourcelist": f"{self.folder}/sources.list",
            "Dir::Etc::sourceparts": "/dev/null", "APT::Sandbox::User": "root",
            "APT::Architecture": self.architecture, "APT::Architectures": self.architecture}
        flags = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        return run("apt-get", "-q", *flags, *words, cwd=self.folder)

    def update(self):
        if self.updated:
            return
        os.makedirs(self.folder, exist_ok=True)
        lines = []
        for path in [self.sources] + sorted(glob.glob(self.sources + ".d/*.list")):
            if os.path.exists(path):
                with open(path) as file:
                    lines += [line for line in file if line.startswith("deb ")]
        with open(f"{self.folder}/sources.list", "w") as file:
            file.writelines(lines + [line.replace("deb ", "deb-src ", 1) for line in lines])
        self.call("update")
        self.updated = True

    def download(self, packages):
        self.update()
        self.call("download", *packages)
        return [os.path.join(self.folder, name) for name in sorted(os.listdir(self.folder)) if name.endswith(".deb")]

    def source(self, name, release):
        self.update()
        self.call("source", "--download-only", f"{name}/{release}" if release else name)
        found = [entry for entry in os.listdir(self.folder) if re.search(r"\.orig\.tar\.\w+$", entry)]
        return os.path.join(self.folder, found[0])

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


SMALL_PROGRAMS = """sh env ls cat stat find sort sha256sum grep sed awk xargs id whoami readlink realpath mkdir rm ln cp mv
    touch chmod mktemp head tail wc tr cut basename dirname pwd test true false echo printf date sleep df du tar gzip
    rmdir split paste tac expr seq uniq tee mkfifo getent iconv locale dd od""".split()


def small(folder):
    """A tree of this machine's own C library and a few of its programs: seconds to make, and nothing is fetched."""
    need("ldd")
    os.makedirs(folder)
    for link in ("bin", "lib", "lib64", "sbin"):
        os.makedirs(f"{folder}/usr/{link}", exist_ok=True)
        os.symlink(f"usr/{link}", f"{folder}/{link}")
    wanted = [shutil.which(program) for program in SMALL_PROGRAMS]
    files = set()
    for path in filter(None, wanted):
        target = os.path.realpath(path)
        name = os.path.basename(path)
        files.add(target)
        if os.path.basename(target) != name:
            # As in an image: the second name is an absolute link.
            with contextlib.suppress(FileExistsError):
                os.symlink(target, f"{folder}/usr/bin/{name}")
        for library in re.findall(r"(/\S+\.so\S*) \(", run("ldd", target)):
            files.add(library)
    triple = fixtures.TRIPLE["x86_64"]
    for pattern in ("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libdl.so.2", "libpthread.so.0"):
        files.add(f"/lib/{triple}/{pattern}")
    for module in ("ISO8859-15", "EUC-JP", "libJIS", "SJIS", "UTF-16", "UTF-32"):
        files.add(f"/usr/lib/{triple}/gconv/{module}.so")
    files.add(f"/usr/lib/{triple}/gconv/gconv-modules")
    for file in sorted(files):
        if os.path.exists(file):
            place = folder + file
            os.makedirs(os.path.dirname(place), exist_ok=True)
            shutil.copyfile(os.path.realpath(file), place)
            shutil.copymode(os.path.realpath(file), place)
    for tree in ("/usr/lib/locale/C.utf8", f"/usr/lib/{triple}/gconv/gconv-modules.d"):
        if os.path.isdir(tree):
            shutil.copytree(tree, folder + tree, symlinks=True)
    zones(folder)
    etc(folder)


def zones(folder):
    for zone in ("Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"):
        source, target = f"/usr/share/zoneinfo/{zone}", f"{folder}/usr/share/zoneinfo/{zone}"
        if os.path.exists(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)


def etc(folder):
    os.makedirs(f"{folder}/etc", exist_ok=True)
    for name, text in (
            ("passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\n"),
            ("group", "root:x:0:\ndaemon:x:1:\n"), ("services", "https 443/tcp\n"), ("protocols", "tcp 6 TCP\n"),
            ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n")):
        with open(f"{folder}/etc/{name}", "w") as file:
            file.write(text)
    for name in ("home", "root", "opt", "mnt", "srv", "run"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)


def musl_library(folder):
    """A tree with Debian's musl and nothing else; the cases' own programs come with the layer."""
    need("musl-gcc")
    machine = "x86_64"
    source = f"/usr/lib/{machine}-linux-musl/libc.so"
    if not os.path.exists(source):
        raise Missing("musl's libc.so is not installed")
    os.makedirs(f"{folder}/lib")
    os.makedirs(f"{folder}/usr/lib")
    os.makedirs(f"{folder}/bin")
    shutil.copy(source, f"{folder}/lib/libc.musl-{machine}.so.1")
    # An absolute link, as Alpine's images have.
    os.symlink(f"/lib/libc.musl-{machine}.so.1", f"{folder}/lib/ld-musl-{machine}.so.1")
    os.symlink(f"/lib/libc.musl-{machine}.so.1", f"{folder}/lib/libc.so")
    zones(folder)
    etc(folder)
    with open(f"{folder}/etc/ld-musl-{machine}.path", "w") as file:
        file.write(f"/lib\n/usr/lib\n{fixtures.BARE['musl']}\n")


def musl_busybox(folder):
    """The musl tree with busybox, compiled from Debian's source against musl."""
    need("musl-gcc", "make", "bzip2")
    say("musl: compiling busybox")
    musl_library(folder)
    work = folder + ".busybox"
    apt = Apt(debian(), work + ".apt")
    with tarfile.open(apt.source("busybox", None)) as archive:
        archive.extractall(work)
    apt.close()
    source = os.path.join(work, os.listdir(work)[0])
    headers = f"{work}/headers"
    os.makedirs(headers)
    for name, place in (("linux", "/usr/include/linux"), ("asm-generic", "/usr/include/asm-generic"),
                        ("asm", "/usr/include/x86_64-linux-gnu/asm"), ("mtd", "/usr/include/mtd")):
        os.symlink(place, f"{headers}/{name}")
    run("sh", "-ec", """
        make defconfig
        for option in TC FEATURE_UTMP FEATURE_HAVE_RPC FEATURE_INETD_RPC; do sed -i "/^CONFIG_$option=/d" .config; done
        yes '' | make oldconfig
        make -j2 CC="musl-gcc -isystem $1" EXTRA_CFLAGS="-w -O1" busybox
        """, "sh", headers, cwd=source)
    shutil.copy(f"{source}/busybox", f"{folder}/bin/busybox")
    for applet in run(f"{source}/busybox", "--list").split():
        with contextlib.suppress(FileExistsError):
            os.symlink("/bin/busybox", f"{folder}/bin/{applet}")
    os.makedirs(f"{folder}/usr/bin", exist_ok=True)
    os.symlink("/bin/busybox", f"{folder}/usr/bin/env")
    os.symlink("/bin/busybox", f"{folder}/usr/bin/awk")
    shutil.rmtree(work)


def arm64_library(folder):
    """The C library of the cross compiler's packages, and no programs but the cases' own."""
    need("aarch64-linux-gnu-gcc")
    source = "/usr/aarch64-linux-gnu/lib"
    os.makedirs(f"{folder}/usr/lib/aarch64-linux-gnu")
    os.symlink("usr/lib", f"{folder}/lib")
    for name in os.listdir(source):
        if re.search(r"\.so\.\d+$", name) and not re.search(r"asan|tsan|ubsan|lsan|fortran|itm|gomp", name):
            shutil.copy(f"{source}/{name}", f"{folder}/usr/lib/aarch64-linux-gnu/{name}")
    os.symlink("/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1", f"{folder}/usr/lib/ld-linux-aarch64.so.1")
    zones(folder)
    etc(folder)


ARM64_PACKAGES = ("libc6", "libgcc-s1", "dash", "coreutils", "sed", "grep", "mawk", "findutils", "libacl1", "libattr1",
                  "libselinux1", "libpcre2-8-0", "libgmp10")


def arm64(folder):
    """A few of Debian's packages for arm64."""
    need("aarch64-linux-gnu-gcc")
    say("arm64: making the tree")
    apt = Apt(debian(), folder + ".apt", "arm64")
    for link in ("bin", "lib", "sbin"):
        os.makedirs(f"{folder}/usr/{link}")
        os.symlink(f"usr/{link}", f"{folder}/{link}")
    for package in apt.download(ARM64_PACKAGES):
        run("dpkg-deb", "--extract", package, folder + ".package")
        for name in sorted(os.listdir(folder + ".package")):
            target = f"{folder}/usr/{name}" if os.path.islink(f"{folder}/{name}") else f"{folder}/{name}"
            os.makedirs(target, exist_ok=True)
            run("cp", "-a", "--", f"{folder}.package/{name}/.", target)
        shutil.rmtree(folder + ".package")
    apt.close()
    if not os.path.lexists(f"{folder}/usr/bin/sh"):
        os.symlink("dash", f"{folder}/usr/bin/sh")
    os.symlink("/usr/bin/mawk", f"{folder}/usr/bin/awk")
    zones(folder)
    etc(folder)


# Changed when trees are to be made anew for a reason that their own functions do not show.
GENERATION = "1"

RUBY_TESTS = r"test/ruby/(test_(file|file_exhaustive|dir|dir_m17n|process|io|path|require)\.rb|ut_.*|enc/.*|lbtest\.rb)" \
             r"|test/(pathname|fileutils|tempfile|open3|tmpdir)/.*|test/test_(tmpdir|tempfile|find|open3)\.rb" \
             r"|tool/(lib|test)/.*|test/lib/.*"

# name: how it is made, its C library, its machine, the C programs it takes, its image's environment
DEFINITIONS = {
    "small": (small, "glibc", "x86_64", ["plain", "fortified"], {}),
    "musl-small": (musl_library, "musl", "x86_64", ["musl"], {}),
    "arm64-small": (arm64_library, "glibc", "aarch64", ["arm64"], {}),
    "arm64": (arm64, "glibc", "aarch64", ["arm64"], {}),
    "python": (from_testbed("python", ("git", "file", "libmagic1", "libmagic-mgc", "libpython3.11-testsuite")),
               "glibc", "x86_64", ["plain", "fortified", "old"], {"LANG": "C.UTF-8"}),
    "ruby": (from_testbed("ruby", source=("ruby3.1", "bookworm", RUBY_TESTS, "/usr/share/ruby-tests")),
             "glibc", "x86_64", [], {"LANG": "C.UTF-8"}),
    "r": (from_testbed("r"), "glibc", "x86_64", [], {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}),
    "elixir": (from_testbed("elixir"), "glibc", "x86_64", [], {"LANG": "C.UTF-8"}),
    "imagemagick": (from_testbed("imagemagick"), "glibc", "x86_64", [], {}),
    "musl": (musl_busybox, "musl", "x86_64", ["musl"], {}),
}


# ---- the cache --------------------------------------------------------------------------------------------------

def key(*parts):
    digest = hashlib.sha256()
    for part in parts:
        if os.path.isfile(part):
            with open(part, "rb") as file:
                digest.update(file.read())
        else:
            digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def locked(name):
    """One maker of a tree at a time; other trees are not held up."""
    os.makedirs(CACHE, exist_ok=True)
    with open(f"{CACHE}/.lock-{name}", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def unused():
    """Whether no other run has trees in use."""
    with open(f"{CACHE}/.in-use", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False


def use():
    """Keeps all trees from being removed for as long as the file that it returns is open."""
    os.makedirs(CACHE, exist_ok=True)
    lock = open(f"{CACHE}/.in-use", "w")  # pylint: disable=consider-using-with
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def remove(folder):
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=False, stderr=subprocess.DEVNULL)
    shutil.rmtree(folder, ignore_errors=True)


def cached(name, stamp, make):
    """A folder of the cache, made when it is missing; older ones of that name go."""
    target = f"{CACHE}/{name}-{stamp}"
    if not os.path.isdir(target):
        with unused() as may_go:
            for old in os.listdir(CACHE) if may_go else ():
                if re.fullmatch(re.escape(name) + r"-[0-9a-f]{12}(\.making.*)?", old):
                    remove(f"{CACHE}/{old}")
        work = target + ".making"
        try:
            make(work)
            os.rename(work, target)
        finally:
            for left in os.listdir(CACHE):
                if left.startswith(os.path.basename(work)):
                    remove(f"{CACHE}/{left}")
    return target


def relocated_copy(source):
    def make(folder):
        os.makedirs(folder)
        subprocess.run(["cp", "-al", "--", source, f"{folder}/tree"], check=True)
        report = relocate.relocate(f"{folder}/tree", PREFIX)
        with open(f"{folder}/run-paths", "w") as file:
            file.write("\n".join(sorted(set(report["runPaths"]))))
    return make


def provide(name, given=None):
    """The tree of that name, ready to run in; raises Missing with the reason when this machine cannot have it."""
    make, libc, machine, variants, environment = DEFINITIONS[name]
    oracle = os.path.join(FOLDER, "relocate.py")
    with locked(name):
        plain = plain_tree(name)
        stamp = os.path.basename(plain)
        relocated = cached(f"{name}-relocated", key(stamp, oracle), relocated_copy(plain))
        sources = [os.path.join(FOLDER, "programs", file) for file in sorted(os.listdir(f"{FOLDER}/programs"))]
        stamp = key(stamp, os.path.join(FOLDER, "suite", "fixtures.py"), *sources)
        layer = cached(f"{name}-layer", stamp,
                       lambda folder: fixtures.make(folder, plain, libc, machine, variants))
        relocated_layer = cached(f"{name}-relocated-layer", key(stamp, oracle), relocated_copy(layer))
        run_paths = []
        for root in (relocated, relocated_layer):
            with open(f"{root}/run-paths") as file:
                run_paths += file.read().split()
    folders = relocate.library_folders(plain, machine, libc, run_paths, [layer])
    return Tree(name, plain, given or f"{relocated}/tree", layer, f"{relocated_layer}/tree", machine, libc, folders,
                fixtures.made_variants(layer), environment)


def plain_tree(name):
    """The tree as its image has it. Its name must be locked."""
    make = DEFINITIONS[name][0]
    made_of = [str(cell.cell_contents) for cell in make.__closure__ or ()]
    stamp = key(name, GENERATION, inspect.getsource(make), *made_of, *(SMALL_PROGRAMS if make is small else ()))
    return cached(f"{name}-tree", stamp, mountable(make))


def mountable(make):
    """The same, with the folders that either world mounts something on."""
    def complete(folder):
        make(folder)
        for name in ("proc", "dev", "sys", "tmp", "var/task", "opt", "mnt"):
            os.makedirs(f"{folder}/{name}", exist_ok=True)
    return complete
