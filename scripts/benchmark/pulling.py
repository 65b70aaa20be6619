"""Rows about images that are pulled, or looked at, and not built."""

import os

from bench import OURS, REFERENCE, Bench, middle, worst
from cost import NotMeasured, mb, need, remove, settle
from images import Image, Layer, large_archive


class Pulling(Bench):
    SEVEN = {"ffmpeg": REFERENCE, "imagemagick": "dpokidov/imagemagick:latest",
             "ruby": "library/ruby:3.1-slim-bookworm", "r": "library/r-base:4.2.2",
             "erlang": "library/erlang:25-slim", "elixir": "library/elixir:1.14-slim",
             "python": "amancevice/pandas:slim"}

    def puller(self):
        path = os.path.join(os.path.dirname(self.scar_build.executable), "pull")
        if not os.path.exists(path):
            raise NotMeasured("no puller; SCAR_BENCH=1 swift build -c release --product pull")
        return path

    def pull(self):
        """One layer that does not compress, from a registry that costs little, against curl and sha256sum."""
        need("curl", "sha256sum")
        puller, size = self.puller(), int(1e9 * self.scale)
        self.need_space(4 * size)
        section = "A layer of 1 GB, pulled"
        blob, store, plain = self.path("pull.tar"), self.path("pull-store"), self.path("pull.out")
        self.registry.add("bench/pull", Image([Layer.filed(large_archive(self.pool(), [0], size), blob)]))
        digest = next(name for name, held in self.registry.blobs.items() if getattr(held, "path", "") == blob)
        url = f"http://{self.registry.host}/v2/bench/pull/blobs/{digest}"
        environment = {"SCAR_BUILD_MIRRORS": self.registry.mirror}
        theirs = "curl -o, then sha256sum"
        for _ in range(self.rounds):
            remove(store, plain)
            settle()
            self.note(section, OURS, self.scar_build.meter.cost([puller, store, "bench/pull"],
                                                                environment=environment))
            remove(store)
            settle()
            self.note(section, theirs, self.scar_build.meter.cost(
                ["bash", "-c", 'curl -sS -o "$1" "$2" && sha256sum "$1"', "bash", plain, url]))
            remove(plain)
            # What is there already is asked for and not read: the same program without the layer's bytes.
            self.scar_build.meter.prepare([puller, store, "bench/pull"], environment)
            settle()
            self.note(section, f"{OURS}, nothing to pull",
                      self.scar_build.meter.cost([puller, store, "bench/pull"], environment=environment))
        remove(store, blob)
        costs = self.costs[section]
        ratio = middle(costs[theirs]) / middle(costs[OURS])
        self.find("pull", "a layer of 1 GB, pulled: throughput", theirs, "at least 0.9 of its", f"{ratio:.2f} of its",
                  ratio >= 0.9)
        extra = worst(costs[OURS]) - worst(costs[f"{OURS}, nothing to pull"])
        self.find("pull", "a layer of 1 GB, pulled: peak memory above the rest", "", "under 32 MiB", f"{mb(extra)} MB",
                  extra < 32 << 20)

    def pull_seven(self):
        puller, section = self.puller(), "Seven images, pulled"
        need("skopeo")
        theirs = "skopeo copy of each"
        for _ in range(self.rounds):
            store = self.path("seven-store")
            remove(store)
            settle()
            self.note(section, OURS, self.scar_build.meter.cost(
                [puller, store, *self.SEVEN.values()], environment={"SCAR_BUILD_MIRRORS": self.scar_build.mirror}))
            remove(store)
            settle()
            total = None
            for name, reference in self.SEVEN.items():
                layout = self.path(f"seven-{name}")
                cost = self.scar_build.meter.cost(
                    ["skopeo", "--insecure-policy", "copy", "--src-tls-verify=false",
                     f"docker://{self.host}/{reference}", f"oci:{layout}:latest"])
                total = cost if total is None else total + cost
                remove(layout)
            self.note(section, theirs, total)
        self.faster("pull-seven", "seven images on shared bases, pulled", theirs, section, OURS, theirs, 1)

    def inspect(self):
        """A look at the image against nothing but pulling it, each from the registry and with an empty cache."""
        need("skopeo")
        puller, section, store, kept = self.puller(), "An image, inspected", self.path("inspect-store"), []
        theirs, alone = "skopeo copy to an OCI layout", "our puller, which unpacks nothing"
        for _ in range(self.rounds):
            remove(store)
            settle()
            self.note(section, OURS, self.scar_build.inspect(REFERENCE, store))
            kept.append(sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(store)
                            for name in names))
            remove(store)
            settle()
            self.note(section, theirs, self.scar_build.meter.cost(
                ["skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", f"docker://{self.host}/{REFERENCE}",
                 f"oci:{store}:latest"]))
            remove(store)
            settle()
            self.note(section, alone, self.scar_build.meter.cost(
                [puller, store, REFERENCE], environment={"SCAR_BUILD_MIRRORS": self.scar_build.mirror}))
        remove(store)
        self.faster("inspect", "the image inspected, straight from the registry", theirs, section, OURS, theirs, 1)
        peak = worst(self.costs[section][OURS])
        self.find("inspect", "the image inspected: peak memory", "", "under 64 MB", f"{mb(peak)} MB", peak < 64e6)
        self.find("inspect", "the image inspected: what is left in the cache", "", "under 1 MB", f"{mb(max(kept))} MB",
                  max(kept) < 1e6)
