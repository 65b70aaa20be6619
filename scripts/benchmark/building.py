"""Rows about builds: from the registry, from blobs in the cache, and again when little has changed."""

import os
import shutil

import images
from bench import CHAIN, OURS, REFERENCE, Bench, middle, once
from cost import NotMeasured, need, remove, settle
from images import Image, Layer


class Building(Bench):
    # ---- from the registry, and again

    BASICS = "From the registry to a squashfs image"

    @once
    def basics(self):
        """Nothing cached; then everything cached and the recipe changed; then nothing changed at all. Rounds alternate
        with the other tools, so that a machine's moods meet both."""
        fresh = self.scar_build.demo_recipe("cold")
        # A user's everyday change: one more thing is left out. Perl is in the image's base and ffmpeg never calls it.
        changed = self.scar_build.demo_recipe("relink", drop=["usr/share/perl/*", "usr/share/perl5/*"])
        locked = self.scar_build.demo_recipe("unchanged")
        section = self.BASICS
        for _ in range(self.rounds):
            remove(self.scar_build.cache("basics"))
            for recipe in (fresh, changed, locked):
                recipe.forget()
            settle()
            self.note(section, f"{OURS}, nothing cached", self.scar_build.build(fresh, "basics"))
            settle()
            self.note(section, f"{OURS}, `prune.drop` changed", self.scar_build.build(changed, "basics"))
            self.scar_build.lock(locked, "basics")
            self.scar_build.build(locked, "basics")
            settle()
            self.note(section, f"{OURS}, nothing changed", self.scar_build.build(locked, "basics"))
            settle()
            for what, cost in self.peers.chain(self.host, REFERENCE).items():
                self.note(section, what, cost)
        opened = None
        try:
            need("strace")
            opened = self.scar_build.opened(locked, "basics", self.scar_build.layers(locked))
        except NotMeasured as error:
            opened = error
        remove(self.scar_build.cache("basics"))
        for recipe in (fresh, changed, locked):
            recipe.forget()
        return {"opened": opened, **self.costs[section]}

    def cold(self):
        self.basics()
        self.faster("cold", "from the registry, nothing cached", CHAIN, self.BASICS, f"{OURS}, nothing cached", CHAIN,
                    5)

    def relink(self):
        self.basics()
        self.faster("relink", "a prune rule changed", CHAIN, self.BASICS, f"{OURS}, `prune.drop` changed", CHAIN, 30)

    def unchanged(self):
        basics = self.basics()
        time = middle(basics[f"{OURS}, nothing changed"])
        share = time / middle(basics[f"{OURS}, nothing cached"])
        self.find("unchanged", "nothing changed", "nothing cached", "under 100 ms",
                  f"{time * 1e3:.0f} ms, 1/{1 / share:.0f} of the time", time < 0.1)
        if isinstance(basics["opened"], NotMeasured):
            self.cannot("unchanged", "… layers' blobs and objects opened", str(basics["opened"]))
            return
        self.figures["opened when nothing changed"] = basics["opened"]
        self.find("unchanged", "… layers' blobs and objects opened", "", "none", f"{len(basics['opened'])} opened",
                  not basics["opened"])

    # ---- from blobs in the cache

    @once
    def blobs(self):
        """The name of a cache that holds the image's blobs."""
        recipe = self.scar_build.demo_recipe("blobs")
        self.scar_build.build(recipe, "blobs")
        recipe.forget()
        return "blobs"

    @once
    def tree(self):
        """The image as umoci unpacks it."""
        self.peers.fetch(self.host, REFERENCE, self.path("tree"))
        return self.path("tree/rootfs")

    @once
    def archive(self):
        """The image as one gzip'd archive."""
        need("tar", "pigz")
        path = self.path("merged.tar.gz")
        # Extended attributes belong to the image: both sides store them.
        self.peers.meter.prepare(["bash", "-c", 'set -o pipefail; tar -C "$1" --format=pax --xattrs '
                                  '--xattrs-include="*" --numeric-owner -cf - . | pigz -6 >"$2"', "bash",
                                  self.tree(), path])
        return path

    def compile(self, section, what, compression, level):
        """The image from its blobs alone, once. Leaves the result, and says where."""
        recipe = self.scar_build.demo_recipe(f"{compression}-{level}", compression=compression, level=level)
        cache = self.blobs()
        self.scar_build.lock(recipe, cache)
        recipe.forget()
        self.scar_build.forget_objects(cache)
        settle()
        self.note(section, what, self.scar_build.build(recipe, cache))
        return recipe

    def local(self):
        section = "From blobs that are in the cache, zstd 3"
        archive = self.archive()
        for _ in range(self.rounds):
            self.compile(section, OURS, "zstd", 3).forget()
            for chain in self.peers.chains():
                settle()
                self.note(section, chain, self.peers.streamed(archive, chain))
        costs = self.costs[section]
        best = min(self.peers.chains(), key=lambda chain: middle(costs[chain]))
        self.faster("local", "blobs cached, no layer compiled", f"the fastest stream: {best}", section, OURS, best, 1.2)

    def same_level(self, row, compression, level):
        section = f"From blobs that are in the cache, {compression} {level}"
        theirs = "mksquashfs alone, on the unpacked tree"
        tree, result = self.tree(), self.path("level.squashfs")
        self.compile(section, OURS, compression, level).forget()
        settle()
        try:
            self.note(section, theirs, self.peers.mksquashfs(tree, result, compression, level))
        finally:
            remove(result)
        what = f"blobs cached, {compression} {level}"
        self.faster(row, f"{what}: time", theirs, section, OURS, theirs, 1)
        costs = self.costs[section]
        ratio = costs[OURS][0].size / costs[theirs][0].size
        self.find(row, f"{what}: size", theirs, "at most 1.01 times as large", f"{ratio:.4f} times", ratio <= 1.01)

    def zstd15(self):
        self.same_level("zstd15", "zstd", 15)

    def gzip9(self):
        self.same_level("gzip9", "gzip", 9)

    def gzip_equal_size(self):
        section, theirs = "gzip, as small as mksquashfs's 9", "mksquashfs alone, gzip 9"
        tree, result = self.tree(), self.path("level.squashfs")
        settle()
        try:
            limit = self.note(section, theirs, self.peers.mksquashfs(tree, result, "gzip", 9))
        finally:
            remove(result)
        sizes, found = {}, None
        for level in range(5, 10):
            self.compile("gzip, looking for the level", f"{OURS}, gzip {level}", "gzip", level).forget()
            sizes[level] = self.costs["gzip, looking for the level"][f"{OURS}, gzip {level}"][-1].size
            if sizes[level] <= limit.size:
                found = level
                break
        self.figures["gzip sizes by level"] = {"mksquashfs 9": limit.size, **sizes}
        if found is None:
            level = min(sizes, key=sizes.get)
            self.find("gzip-equal-size", "gzip, as small as mksquashfs's 9", theirs, "at least 2 times faster",
                      f"no level from 5 to 9 is; {level} is {sizes[level] / limit.size:.4f} times as large", False)
            return
        ours = f"{OURS}, gzip {found}"
        for _ in range(self.rounds):
            self.compile(section, ours, "gzip", found).forget()
        self.faster("gzip-equal-size", f"gzip, as small as mksquashfs's 9: our level {found}", theirs, section, ours,
                    theirs, 2)

    # ---- another top layer

    @once
    def base_image(self):
        return Image([], layout=self.layout)

    def top_layer(self):
        section = "Another top layer"
        cold = middle(self.basics()[f"{OURS}, nothing cached"])
        base, cache = self.scar_build.demo_recipe("base"), self.blobs()
        self.scar_build.build(base, cache)
        base.forget()
        changed = self.scar_build.demo_recipe("top-relink", drop=["usr/share/perl/*"])
        variants = {}
        for size in (5, 20, 80):
            layer = Layer.gzipped(images.archive(images.top_layer(self.tree(), size * 1_000_000)),
                                  self.path(f"top-{size}.tar.gz"), 6)
            image = Image([layer], layout=self.layout)
            self.registry.add(f"bench/top-{size}", image)
            recipe = self.scar_build.demo_recipe(f"top-{size}", image=f"bench/top-{size}:latest")
            variants[size] = recipe, layer, image

        def build(what, recipe, mirror):
            # Each build meets the base's cache as it was: links are enough, since the cache's files never change.
            recipe.forget()
            self.copy_cache(cache, "top")
            settle()
            self.note(section, what, self.scar_build.build(recipe, "top", mirror))
            recipe.forget()

        for _ in range(self.rounds):
            build("base image, `prune.drop` changed", changed, None)
            for size, (recipe, _, _) in variants.items():
                build(f"top layer of {size} MB", recipe, self.registry.mirror)
        remove(self.scar_build.cache("top"))
        relink = middle(self.costs[section]["base image, `prune.drop` changed"])
        for size, (_, layer, image) in variants.items():
            share = layer.tar_size / image.tar_size
            extra = middle(self.costs[section][f"top layer of {size} MB"]) - relink
            most = 2 * share + 0.05
            self.figures[f"top layer of {size} MB"] = {"share of the bytes": share, "share of the time": extra / cold}
            self.find("top-layer", f"another top layer of {size} MB, {share:.1%} of the image: time beyond a relink",
                      "nothing cached", f"at most {most:.1%} of the time", f"{extra / cold:.1%}", extra / cold <= most)

    def copy_cache(self, source, target):
        source, target = self.scar_build.cache(source), self.scar_build.cache(target)
        remove(target)
        shutil.copytree(source, target, copy_function=os.link)
