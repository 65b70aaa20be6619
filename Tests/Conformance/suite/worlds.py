"""The two worlds, and what a program did in one of them."""
import ctypes
import hashlib
import itertools
import os
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass, field

from . import fixtures
from .settings import FOLDER, LIBRARIES, PACKAGE, PREFIX, USER, Missing

CHROOT, RELOCATED = "chroot", "relocated"
HOSTS_FILES = {
    "/etc/hosts": "127.0.0.1 localhost\n10.1.2.3 only-in-hosts\n",
    "/etc/hostname": "sandbox\n",
    "/etc/resolv.conf": "nameserver 127.0.0.1\n",
}
MS_REC, MS_PRIVATE, MNT_DETACH = 0x4000, 1 << 18, 2
libc = ctypes.CDLL(None, use_errno=True)


def mount(kind, target, options, source="none", flags=0):
    if libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, options and options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, f"mount {kind} on {target} ({options}): {os.strerror(number)}")


@dataclass
class Outcome:
    status: object
    output: bytes
    errors: bytes
    files: dict
    # What was written to the host around a relocated tree.
    outside: dict = field(default_factory=dict)


class Stage:
    """What all runs share: a folder in memory, the host of the relocated world, and the package of each tree.

    It wants a mount namespace of its own, in which this process may mount.
    """

    def __init__(self, folder, options):
        self.folder, self.library_folder = folder, options.library or LIBRARIES
        self.without_library = options.without_library
        self.numbers = itertools.count()
        mount("tmpfs", folder, "mode=0755")
        self.host = "/" if options.host == "machine" else self.decoy()
        self.hosts_layer = f"{folder}/hosts-layer"
        for path, text in HOSTS_FILES.items():
            fixtures.put(self.hosts_layer, path, text)
        self.packages = {}

    def library(self, tree):
        path = f"{self.library_folder}/libscar-path-{tree.machine}.so"
        if not os.path.exists(path):
            raise Missing(f"the path library is not built: {path}")
        return path

    def decoy(self):
        """A host that is unlike any image: whatever of it is read or run by mistake is seen in the output."""
        host = f"{self.folder}/host"
        os.makedirs(host)
        fixtures.compiled("gcc", "-w", "-O1", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector",
                          "-o", f"{host}/decoy", f"{FOLDER}/programs/decoy.c")
        for name in ("sh", "bash", "dash", "env", "ls", "cat", "echo", "true", "python3", "perl", "ruby", "awk", "id",
                     "sed", "busybox", "test"):
            self.hard_link(f"{host}/decoy", f"{host}/usr/bin/{name}")
        for loader in fixtures.LOADERS.values():
            self.hard_link(f"{host}/decoy", f"{host}/usr{loader}")
        for name in ("bin", "lib", "lib64"):
            os.symlink(f"usr/{name}", f"{host}/{name}")
        os.unlink(f"{host}/decoy")
        for path, text in {
                **HOSTS_FILES,
                "/etc/passwd": "root:x:0:0:the host's root:/host:/host/sh\nonlyonhost:x:993:990::/host:/host/sh\n",
                "/etc/group": "root:x:0:\nonlyonhost:x:990:\n",
                "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
                "/etc/os-release": "ID=host\n", "/etc/conformance-only-on-host": "the host's\n",
                "/etc/services": "https 9/tcp\n", "/usr/share/zoneinfo/Europe/Berlin": "no zone\n",
                "/usr/lib/host-only": "", "/usr/local/lib/host-only": "", "/home/host-only": "",
        }.items():
            fixtures.put(host, path, text)
        for name in ("proc", "dev", "sys", "tmp", "var/task", "opt", "mnt", "root", "run", "var/lib"):
            os.makedirs(f"{host}/{name}", exist_ok=True)
        return host

    @staticmethod
    def hard_link(source, target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.link(source, target)

    def package(self, tree):
        """The folder that is /var/task in both worlds."""
        if tree.name not in self.packages:
            folder = f"{self.folder}/package-{tree.name}"
            os.makedirs(f"{folder}/cases")
            fixtures.compiled("gcc", "-w", "-O1", "-static", "-o", f"{folder}/start", f"{FOLDER}/programs/start.c")
            fixtures.put(folder, "/package-file", "in the package\n")
            # The program that a user compiles or ships: nothing in it was relocated.
            for variant in tree.variants[:1]:
                shutil.copy(f"{tree.layer}{fixtures.PROGRAMS}/{variant}/c", f"{folder}/plain")
                shutil.copy(f"{tree.layer}{fixtures.DATA}/static", f"{folder}/static")
            library = f"{folder}/libscar-path-{tree.machine}.so"
            if self.without_library:
                fixtures.compiled("gcc", "-shared", "-nostdlib", "-o", library, "-x", "c", "/dev/null")
            else:
                shutil.copy(self.library(tree), library)
            self.packages[tree.name] = folder
        return self.packages[tree.name]

    def variables(self, tree):
        """What the supervisor sets: the table of docs/relocation.md."""
        library = f"{PACKAGE}/libscar-path-{tree.machine}.so"
        folders = ":".join(PREFIX + folder for folder in tree.folders)
        host = [PACKAGE] + [name for name in ("/opt", "/mnt") if not os.listdir(tree.plain + name)]
        variables = {
            "LD_PRELOAD": library, "LD_LIBRARY_PATH": folders, "SCAR_PATH_ROOT": PREFIX, "SCAR_PATH_LIBRARY": library,
            "SCAR_PATH_FOLDERS": folders, "SCAR_PATH_LOADER": PREFIX + tree.loader, "SCAR_PATH_LOADER_NAMES": "1",
            "SCAR_PATH_HOST": ":".join(host),
        }
        triple = fixtures.TRIPLE[tree.machine]
        kept = {"LOCPATH": "/usr/lib/locale", "GCONV_PATH": f"/usr/lib/{triple}/gconv", "TZDIR": "/usr/share/zoneinfo"}
        kept = {name: PREFIX + path for name, path in kept.items() if tree.libc == "glibc" and tree.has(path)}
        if kept:
            variables.update(kept, SCAR_PATH_KEEP=":".join(kept))
        return variables

    def flat(self, tree, relocated=False):
        """Tree and layer in one folder that is only read."""
        place = f"{self.folder}/flat-{tree.name}-{'relocated' if relocated else 'plain'}"
        if not os.path.isdir(place):
            os.makedirs(place)
            layers = [tree.relocated_layer, tree.relocated] if relocated else [tree.layer, tree.plain]
            mount("overlay", place, f"lowerdir={':'.join(layers)},userxattr", "overlay")
        return place

    def run(self, tree, world, command, folder="/", environment=None, limit=60, name=None):
        """Runs a command of the image in a world of its own, with fresh copies of all that it may write to.

        `command` is the program's path in the image, then what it is to be called, then its arguments.
        """
        place = f"{self.folder}/run-{next(self.numbers)}"
        upper, work, root, temporary = (f"{place}/{part}" for part in ("upper", "work", "root", "tmp"))
        host, outside, host_work = (f"{place}/{part}" for part in ("host", "outside", "host-work"))
        for path in (upper, work, root, temporary, host, outside, host_work):
            os.makedirs(path)
        os.chmod(temporary, 0o1777)
        os.makedirs(f"{temporary}/scar/root")
        layers = [tree.layer, tree.plain] if world == CHROOT else [tree.relocated_layer, tree.relocated]
        if world == CHROOT:
            layers.insert(0, self.hosts_layer)
        mount("overlay", root, f"lowerdir={':'.join(layers)},upperdir={upper},workdir={work},userxattr", "overlay")
        # Nothing refuses what leaves the tree by mistake, so that it is seen. This machine's own root is only read.
        if self.host != "/":
            mount("overlay", host, f"lowerdir={self.host},upperdir={outside},workdir={host_work},userxattr", "overlay")
        try:
            return self.caged(tree, world, place, command, folder, environment or {}, limit)
        finally:
            libc.umount2(root.encode(), MNT_DETACH)
            libc.umount2(host.encode(), MNT_DETACH)
            shutil.rmtree(place, ignore_errors=True)

    def caged(self, tree, world, place, command, folder, environment, limit):
        root, temporary = f"{place}/root", f"{place}/tmp"
        cage = ["bwrap", "--unshare-user", "--uid", str(USER), "--gid", "990", "--unshare-pid", "--unshare-ipc",
                "--unshare-net", "--unshare-uts", "--hostname", "sandbox", "--die-with-parent", "--new-session"]
        if world == CHROOT:
            cage += ["--bind", root, "/"]
        else:
            cage += ["--ro-bind", "/", "/"] if self.host == "/" else ["--bind", f"{place}/host", "/"]
        cage += ["--proc", "/proc", "--dev", "/dev", "--ro-bind", "/sys", "/sys", "--bind", temporary, "/tmp",
                 "--ro-bind", self.package(tree), PACKAGE]
        if world == RELOCATED:
            cage += ["--bind", root, PREFIX]
        variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp",
                     **tree.environment, **environment}
        program, *words = command
        if world == RELOCATED:
            program, folder = PREFIX + program, folder if folder.startswith("/tmp") else PREFIX + folder
            variables.update(self.variables(tree))
        settings = [f"{key}={value}" for key, value in variables.items()]
        with open(f"{place}/output", "wb") as output, open(f"{place}/errors", "wb") as errors:
            process = subprocess.Popen([*cage, "--", f"{PACKAGE}/start", folder, *settings, "--", program, *words],
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env={}, umask=0o022,
                                       executable=shutil.which("bwrap"), start_new_session=True)
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                status = f"more than {limit} s"
        files = {**listing(f"{place}/upper", "", world), **listing(temporary, "/tmp", world)}
        return Outcome(status, contents(f"{place}/output"), contents(f"{place}/errors"), files,
                       listing(f"{place}/outside", "", world))


def contents(path):
    with open(path, "rb") as file:
        return file.read(16 << 20)


def listing(folder, shown, world):
    """What was written, in words that both worlds can agree on: no times, no inode numbers."""
    found = {}
    # By descriptors: a program may make folders deeper than any path is long.
    for path, folders, files, here in os.fwalk(os.fsencode(folder)):
        if shown == "/tmp" and path == os.fsencode(folder + "/scar"):
            folders.remove(b"root")
        for name in folders + files:
            inside = shown + os.fsdecode(os.path.join(path, name))[len(folder):]
            found[inside] = described(here, name, world)
    return found


def described(folder, name, world):
    status = os.lstat(name, dir_fd=folder)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        target = os.fsdecode(os.readlink(name, dir_fd=folder))
        if world == RELOCATED and (target + "/").startswith(PREFIX + "/"):
            target = target[len(PREFIX):] or "/"
        return f"link to {target}"
    if stat.S_ISREG(status.st_mode):
        with open(os.open(name, os.O_RDONLY, dir_fd=folder), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()[:16]
        return f"file {mode:04o} {status.st_size} {digest}"
    if stat.S_ISDIR(status.st_mode):
        return f"folder {mode:04o}"
    if stat.S_ISCHR(status.st_mode):
        return "removed" if status.st_rdev == 0 else "device"
    return "fifo" if stat.S_ISFIFO(status.st_mode) else "socket"


def register_qemu(folder):
    """Lets the kernel start arm64 programs in this namespace, with a qemu that no tree has to contain. Once is enough."""
    if os.path.exists(f"{folder}/scar-aarch64"):
        return
    qemu = shutil.which("qemu-aarch64-static")
    if not qemu:
        raise Missing("qemu-aarch64-static is not installed")
    try:
        os.makedirs(folder, exist_ok=True)
        mount("binfmt_misc", folder, None)
        magic = r"\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
        mask = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
        with open(f"{folder}/register", "w") as file:
            file.write(f":scar-aarch64:M::{magic}:{mask}:{qemu}:FP")
    except OSError as problem:
        raise Missing(f"the kernel takes no program formats in a namespace (Linux 6.7 and newer do): {problem}") from None
