"""The other tools, on the same images, with the same compressor, level and block size."""

import io
import os
import subprocess
import tarfile

from cost import NotMeasured, need, remove, say

BLOCK = "131072"


def compressor(name, level):
    return ["-comp", name, "-Xcompression-level", str(level), "-b", BLOCK]


class Peers:
    def __init__(self, meter, folder, jobs, rootless):
        self.meter, self.folder, self.jobs = meter, folder, jobs
        # As root umoci keeps the owners; otherwise it must be told that it cannot.
        self.rootless = ["--rootless"] if rootless else []
        self.tar_chains = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def fetch(self, registry, image, bundle):
        """From a registry to an unpacked tree: what skopeo cost, and what umoci did."""
        need("skopeo", "umoci")
        layout = self.path("oci")
        remove(layout, bundle)
        steps = {
            "skopeo copy": self.meter.cost(["skopeo", "--insecure-policy", "copy", "--src-tls-verify=false",
                                            f"docker://{registry}/{image}", f"oci:{layout}:latest"]),
            "umoci unpack": self.meter.cost(["umoci", "unpack", *self.rootless, "--image", f"{layout}:latest",
                                             bundle]),
        }
        remove(layout)
        return steps

    def chain(self, registry, image):
        """What people do today, from the registry to a squashfs image: the whole, and its steps."""
        bundle, result = self.path("chain"), self.path("chain.squashfs")
        try:
            steps = self.fetch(registry, image, bundle)
            steps["mksquashfs"] = self.mksquashfs(f"{bundle}/rootfs", result)
        finally:
            remove(self.path("oci"), bundle, result)
        skopeo, umoci, mksquashfs = steps.values()
        return {"skopeo + umoci + mksquashfs": skopeo + umoci + mksquashfs,
                **{f"… {name}": value for name, value in steps.items()}}

    def mksquashfs(self, tree, result, name="zstd", level=3):
        need("mksquashfs")
        remove(result)
        return self.meter.cost(["mksquashfs", tree, result, *compressor(name, level), "-processors", str(self.jobs),
                                "-no-progress"], result)

    def mksquashfs_tar(self, pieces, result):
        """mksquashfs on an archive that it reads from standard input."""
        need("mksquashfs")
        remove(result)
        return self.meter.cost(["mksquashfs", "-", result, "-tar", *compressor("zstd", 3), "-processors",
                                str(self.jobs), "-no-progress"], result, feed=pieces)

    def unsquashfs(self, image, folder):
        need("unsquashfs")
        return self.meter.cost(["unsquashfs", "-d", folder, "-n", "-processors", str(self.jobs), image])

    def streamed(self, archive, chain):
        """A gzip'd archive to squashfs, through one pipe."""
        result = self.path("streamed.squashfs")
        remove(result)
        try:
            return self.meter.cost(["bash", "-c", "set -o pipefail; " + self.chains()[chain], "bash", archive, result],
                                   result)
        finally:
            remove(result)

    def chains(self):
        """The ways from an archive to squashfs that work here, as shell commands of an archive and a result."""
        if self.tar_chains is not None:
            return self.tar_chains
        options = " ".join([*compressor("zstd", 3), "-processors", str(self.jobs), "-no-progress"])
        mksquashfs = f'mksquashfs - "$2" -tar {options}'
        candidates = {
            "igzip + mksquashfs -tar": f'igzip -dc "$1" | {mksquashfs}',
            "pigz + mksquashfs -tar": f'pigz -dc "$1" | {mksquashfs}',
            # 4.5.1 does not take its own option: "missing compression level". mksquashfs -tar is the same engine.
            "igzip + sqfstar": f'igzip -dc "$1" | sqfstar {options} "$2"',
            "igzip + tar2sqfs": f'igzip -dc "$1" | tar2sqfs -q -c zstd -X level=3 -b {BLOCK} -j {self.jobs} "$2"',
        }
        archive, result = self.path("probe.tar.gz"), self.path("probe.squashfs")
        with tarfile.open(archive, "w:gz") as tar:
            entry = tarfile.TarInfo("file")
            entry.size = 3
            tar.addfile(entry, io.BytesIO(b"abc"))
        working = {}
        for name, command in candidates.items():
            remove(result)
            done = subprocess.run(["bash", "-c", "set -o pipefail; " + command, "bash", archive, result],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, errors="replace", check=False)
            if done.returncode == 0 and os.path.exists(result):
                working[name] = command
            else:
                say(f"  {name} does not work here: {(done.stdout.strip().splitlines() or ['no message'])[0]}")
        remove(archive, result)
        if not working:
            raise NotMeasured("no streamed chain works here; run scripts/setup bench")
        self.tar_chains = working
        return working
