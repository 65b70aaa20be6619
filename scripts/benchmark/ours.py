"""Our side: recipes, and scar-build at work on them."""

import json
import os
import re
import shutil
import subprocess

from cost import NotMeasured, remove

NAME = "ffmpeg-frames"
COUNTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "count-allocations.c")


class Recipe:
    """A recipe in a folder of its own, and what it builds into."""

    def __init__(self, path, name):
        self.path, self.name = path, name
        self.folder = os.path.dirname(path)
        self.out = os.path.join(self.folder, "out")
        self.result = os.path.join(self.out, f"{name}.squashfs")

    def forget(self):
        """As if it had never been built."""
        remove(self.out)


class ScarBuild:
    def __init__(self, executable, meter, folder, demo, mirror, jobs):
        self.executable, self.meter, self.folder = executable, meter, folder
        self.demo, self.mirror, self.jobs = demo, mirror, jobs

    def cache(self, name):
        return os.path.join(self.folder, "caches", name)

    def demo_recipe(self, title, drop=(), image=None, compression="zstd", level=3):
        """The demo's recipe with nothing pruned: the other tools prune nothing either."""
        with open(self.demo) as stream:
            recipe = json.load(stream)
        recipe.pop("$schema", None)
        recipe["prune"] = {"profile": "none", **({"drop": list(drop)} if drop else {})}
        recipe["artifact"] = artifact(compression, level)
        recipe["image"] = image or recipe["image"]
        written = self.write(title, recipe)
        script = os.path.join(os.path.dirname(self.demo), recipe["script"])
        os.makedirs(os.path.dirname(os.path.join(written.folder, recipe["script"])), exist_ok=True)
        shutil.copy(script, os.path.join(written.folder, recipe["script"]))
        return written

    def plain_recipe(self, title, image, drop=()):
        """For an image of ours, in which there is nothing to run."""
        return self.write(title, {"name": "bench", "image": image, "command": ["true"],
                                  "prune": {"profile": "none", **({"drop": list(drop)} if drop else {})},
                                  "artifact": artifact("zstd", 3)})

    def write(self, title, recipe):
        folder = os.path.join(self.folder, "recipes", title)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "recipe.json")
        with open(path, "w") as stream:
            json.dump(recipe, stream, indent=4)
        return Recipe(path, recipe["name"])

    def command(self, recipe, cache, mirror=None):
        return [self.executable, "build", recipe.path, "-o", recipe.out, "--target", "squashfs",
                "--cache", self.cache(cache), "--jobs", str(self.jobs), "--mirror", mirror or self.mirror, "--json"]

    def build(self, recipe, cache, mirror=None, environment=None):
        return self.meter.cost(self.command(recipe, cache, mirror), recipe.result, environment=environment)

    def inspect(self, reference, cache):
        return self.meter.cost([self.executable, "inspect", reference, "--cache", cache, "--mirror", self.mirror, "--jobs",
                                str(self.jobs), "--json", "--quiet"])

    def lock(self, recipe, cache):
        """With a lock beside the recipe, no name has to be resolved."""
        self.meter.prepare([self.executable, "lock", recipe.path, "--cache", self.cache(cache),
                            "--mirror", self.mirror, "--quiet"])

    @property
    def demo_input(self):
        return os.path.join(os.path.dirname(self.demo), "ffmpeg", "test", "clock.mp4")

    def package(self, title):
        """The demo's package as a user gets it: where it is."""
        out = os.path.join(self.folder, "packages", title)
        self.meter.prepare([self.executable, "build", self.demo, "-o", out, "--target", "zip", "--cache",
                            self.cache(title), "--mirror", self.mirror, "--quiet"])
        remove(self.cache(title))
        return os.path.join(out, f"{NAME}.zip")

    def forget_objects(self, cache):
        """Blobs stay; what was compiled from them goes."""
        remove(os.path.join(self.cache(cache), "objects"))

    def opened(self, recipe, cache, layers):
        """The layers' blobs and objects that a build opens, as paths below the cache."""
        trace = os.path.join(self.folder, "trace")
        # -y prints the path behind each descriptor, so that it does not matter from where a file was opened.
        self.meter.prepare(["strace", "-f", "-qq", "-y", "-e", "trace=openat,open,openat2", "-o", trace,
                            *self.command(recipe, cache)])
        cache = os.path.realpath(self.cache(cache))
        found = set()
        with open(trace, errors="replace") as stream:
            for line in stream:
                path = re.search(r"= \d+<([^>]*)>\s*$", line)
                if path and path[1].startswith(cache + "/"):
                    below = os.path.relpath(path[1], cache)
                    is_object = below.startswith("objects/") and not os.path.isdir(path[1])
                    if is_object or below.startswith("blobs/") and below.rpartition("/")[2] in layers:
                        found.add(below)
        remove(trace)
        return sorted(found)

    def layers(self, recipe):
        """The digests of the image's layers, in hexadecimal, from what the last build of the recipe noted."""
        with open(os.path.join(recipe.out, "build.json")) as stream:
            return {layer["digest"].partition(":")[2] for layer in json.load(stream)["image"]["layers"]}

    def has_unpack(self):
        said = subprocess.run([self.executable, "unpack", "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False).stdout
        return "scar-build unpack <" in said

    def unpack(self, image, folder):
        return self.meter.cost([self.executable, "unpack", image, folder, "--jobs", str(self.jobs), "--quiet"])

    def allocations(self, recipe, cache, mirror):
        """How often a build asks the allocator for memory."""
        library, count = (os.path.join(self.folder, name) for name in ("count-allocations.so", "allocations"))
        if not os.path.exists(library):
            self.meter.prepare(["gcc", "-O2", "-shared", "-fPIC", "-o", library, COUNTER])
        remove(count)
        self.build(recipe, cache, mirror, {"LD_PRELOAD": library, "SCAR_ALLOCATIONS": count})
        try:
            with open(count) as stream:
                return sum(int(line) for line in stream)
        except OSError:
            raise NotMeasured("scar-build took no notice of LD_PRELOAD, or ended without its destructors") from None


def artifact(compression, level):
    return {"format": "squashfs", "compression": compression, "level": level, "block": "128KiB"}
