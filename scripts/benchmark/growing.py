"""Rows about what grows with an image: memory, the time for many files, and unpacking."""

import functools

import images
from bench import CHAIN, OURS, middle, once, worst
from building import Building
from cost import NotMeasured, mb, need, remove, settle
from images import Image, Layer, large_archive


class Growing(Building):
    # ---- memory

    def memory(self):
        limit = 256e6
        basics = self.basics()
        ours = worst(basics[f"{OURS}, nothing cached"])
        theirs = worst(basics["… mksquashfs"])
        self.find("memory", "peak memory: the ffmpeg image", "mksquashfs", "under 256 MB",
                  f"{mb(ours)} MB, 1/{theirs / ours:.1f} of its", ours < limit)
        ours, theirs, size = self.large()
        self.find("memory", f"peak memory: {size / 1e9:.3g} GB unpacked", "mksquashfs -tar", "under 256 MB",
                  f"{mb(ours.rss)} MB, 1/{theirs.rss / ours.rss:.1f} of its", ours.rss < limit)

    def large(self):
        """Four plain layers of 2.5 GB. Nothing of them is stored on this side: they are made while they are sent."""
        section = "An image of 10 GB"
        each = int(2.5e9 * self.scale)
        # The blobs, what is compiled from them, the result, and room for one of them to be written twice.
        self.need_space(4.5 * 4 * each)
        pool = self.pool()
        layers = [Layer.plain(functools.partial(large_archive, pool, [number], each)) for number in range(4)]
        image = Image(layers)
        self.registry.add("bench/large", image)
        recipe = self.scar_build.plain_recipe("large", "bench/large:latest")
        try:
            settle()
            ours = self.note(section, OURS, self.scar_build.build(recipe, "large", self.registry.mirror))
        finally:
            remove(self.scar_build.cache("large"))
            recipe.forget()
        result = self.path("large.squashfs")
        try:
            settle()
            theirs = self.note(section, "mksquashfs -tar, from a pipe",
                               self.peers.mksquashfs_tar(large_archive(pool, range(4), each), result))
        finally:
            remove(result)
        return ours, theirs, image.tar_size

    # ---- unpacking

    def unpack(self):
        section = "The result unpacked into a folder"
        if not self.scar_build.has_unpack():
            raise NotMeasured("this scar-build has no unpack command")
        recipe, folder = self.scar_build.demo_recipe("unpack"), self.path("unpacked")
        self.scar_build.build(recipe, self.blobs())
        theirs = "unsquashfs"
        for _ in range(self.rounds):
            for what, unpack in ((OURS, self.scar_build.unpack), (theirs, self.peers.unsquashfs)):
                remove(folder)
                settle()
                self.note(section, what, unpack(recipe.result, folder))
        remove(folder)
        recipe.forget()
        self.faster("unpack", "the result unpacked into a folder", theirs, section, OURS, theirs, 1.2)

    # ---- many files

    MANY = "Many small files"

    @once
    def many(self, count):
        """An image of that many files in one gzip'd layer; its name."""
        archive = images.archive(images.small_files(self.pool(), count))
        layer = Layer.gzipped(archive, self.path(f"many-{count}.tar.gz"), 1)
        self.registry.add(f"bench/many-{count}", Image([layer]))
        return f"bench/many-{count}"

    def counts(self):
        return int(50_000 * self.scale), int(500_000 * self.scale)

    @once
    def many_built(self):
        """Nothing cached, for both images: the shorter one as often as anything, the longer one once."""
        self.need_space(20e9 * self.scale)
        for count in self.counts():
            recipe = self.scar_build.plain_recipe(f"many-{count}", f"{self.many(count)}:latest")
            for _ in range(self.rounds if count == self.counts()[0] else 1):
                self.forget_many(recipe)
                settle()
                self.note(self.MANY, f"{OURS}, {count:,} files",
                          self.scar_build.build(recipe, "many", self.registry.mirror))
            self.forget_many(recipe)
        return [self.costs[self.MANY][f"{OURS}, {count:,} files"] for count in self.counts()]

    def forget_many(self, recipe):
        remove(self.scar_build.cache("many"))
        recipe.forget()

    def many_files(self):
        few, many = self.counts()
        self.many_built()
        settle()
        for what, cost in self.peers.chain(self.registry.host, f"{self.many(many)}:latest").items():
            self.note(self.MANY, f"{what}, {many:,} files", cost)
        self.faster("many-files", f"{many:,} small files, nothing cached", CHAIN, self.MANY, f"{OURS}, {many:,} files",
                    f"{CHAIN}, {many:,} files", 1)
        growth = middle(self.many_built()[1]) / middle(self.many_built()[0])
        self.find("many-files", f"time for {many:,} files", f"{few:,} files", "at most 11 times the time",
                  f"{growth:.2f} times", growth <= 11)

    def entries(self):
        few, many = self.counts()
        costs = self.many_built()
        each = (worst(costs[1]) - worst(costs[0])) / (many - few)
        self.find("entries", f"peak memory for each file, from {few:,} to {many:,}", "", "at most 600 bytes",
                  f"{each:.0f} bytes", each <= 600)
        need("gcc")
        counted = {}
        for count in (few, many):
            cold = self.scar_build.plain_recipe(f"many-{count}", f"{self.many(count)}:latest")
            relink = self.scar_build.plain_recipe(f"many-{count}-relink", f"{self.many(count)}:latest",
                                                  drop=["usr/lib/many/g0000/d0*"])
            self.forget_many(cold)
            relink.forget()
            try:
                counted["cold", count] = self.scar_build.allocations(cold, "many", self.registry.mirror)
                counted["relink", count] = self.scar_build.allocations(relink, "many", self.registry.mirror)
                relink.forget()
                settle()
                self.note(self.MANY, f"{OURS}, {count:,} files, `prune.drop` changed",
                          self.scar_build.build(relink, "many", self.registry.mirror))
            finally:
                self.forget_many(cold)
                relink.forget()
        for kind, what in (("cold", "nothing cached"), ("relink", "a prune rule changed")):
            self.figures[f"allocations, {what}"] = {count: counted[kind, count] for count in (few, many)}
            self.find("entries", f"allocations for each of {many:,} files, {what}", "", "",
                      f"{counted[kind, many] / many:.2f} ({counted[kind, few] / few:.2f} with {few:,})")
