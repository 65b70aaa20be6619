"""What is measured: each row of the report, what it is held against, and what is asked of it."""

import collections
import functools
import os
import shutil
import statistics
import traceback
from typing import NamedTuple, Optional

import coldstart
import images
import pruning
import relocation
import supervisor
from cost import NotMeasured, mb, need, remove, say, settle
from images import Image, Layer, Pool, Registry
from peers import Peers

REFERENCE = "jrottenberg/ffmpeg:4.1-ubuntu"
CHAIN = "skopeo + umoci + mksquashfs"
OURS = "scar-build"


class Finding(NamedTuple):
    """One line of the report. `met` is None when there is no target, or when nothing could be measured."""

    row: str
    what: str
    against: str
    target: str
    measured: str
    met: Optional[bool] = None
    failed: bool = False

    @property
    def verdict(self):
        if self.failed:
            return "**not measured**"
        return {None: "", True: "met", False: "**missed**"}[self.met]


class Row(NamedTuple):
    name: str
    what: str
    measure: object


def once(method):
    """What several rows share is made once; and when it cannot be made, each of them says the same reason."""
    name = f"_{method.__name__}"

    @functools.wraps(method)
    def get(self, *arguments):
        made = self.__dict__.setdefault(name, {})
        if arguments not in made:
            try:
                made[arguments] = method(self, *arguments), None
            except NotMeasured as error:
                made[arguments] = None, error
        value, error = made[arguments]
        if error:
            raise error
        return value

    return get


def middle(costs, field="wall"):
    return statistics.median(getattr(cost, field) for cost in costs)


def worst(costs):
    return max(cost.rss for cost in costs)  # a limit is for the worst run, not for the middle one


class Rows:
    def __init__(self, scar_build, peers: Peers, folder, rounds, scale, layout, bootstrap):
        self.scar_build, self.peers, self.folder = scar_build, peers, folder
        self.rounds, self.scale, self.layout, self.bootstrap = rounds, scale, layout, bootstrap
        self.host = scar_build.mirror.partition("//")[2]
        self.registry = Registry()
        # Costs by section and by what ran, for the tables below the findings and for results.json.
        self.costs = collections.defaultdict(lambda: collections.defaultdict(list))
        self.figures = {}  # whatever else was found, for results.json
        self.findings = []

    # ---- the rows, in the report's order

    def all(self):
        return [
            Row("cold", "from the registry, nothing cached", self.cold),
            Row("pull", "a layer of 1 GB, pulled", self.pull),
            Row("pull-seven", "seven images on shared bases, pulled", self.pull_seven),
            Row("inspect", "the ffmpeg image, inspected from the registry", self.inspect),
            Row("local", "blobs cached, no layer compiled", self.local),
            Row("zstd15", "blobs cached, zstd 15", self.zstd15),
            Row("gzip9", "blobs cached, gzip 9", self.gzip9),
            Row("gzip-equal-size", "gzip, as small as mksquashfs's 9", self.gzip_equal_size),
            Row("relink", "a prune rule changed", self.relink),
            Row("unchanged", "nothing changed", self.unchanged),
            Row("top-layer", "another top layer", self.top_layer),
            Row("memory", "peak memory", self.memory),
            Row("unpack", "the result unpacked into a folder", self.unpack),
            Row("prune", "what each prune profile leaves of recipes' images", self.prune),
            Row("many-files", "500,000 small files", self.many_files),
            Row("entries", "memory and allocations for each file", self.entries),
            Row("supervisor", "the supervisor", self.supervisor),
            Row("relocation", "programs of an image that is not the root", self.relocation),
            Row("cold-start", "a function's first output in a cold sandbox", self.cold_start),
        ]

    def run(self, names):
        for row in self.all():
            if row.name not in names:
                continue
            say(f"{row.name}: {row.what}")
            before = len(self.findings)
            try:
                row.measure()
            except NotMeasured as error:
                self.cannot(row.name, self.rest(row, before), str(error))
            except Exception as error:  # a row that goes wrong is a row of the report too
                traceback.print_exc()
                self.cannot(row.name, self.rest(row, before), f"{type(error).__name__}: {error}")

    def rest(self, row, before):
        """What of a row is missing: all of it, or what would have followed."""
        return f"{row.what}: the rest" if len(self.findings) > before else row.what

    def cannot(self, row, what, why):
        why = " ".join(why.split()).replace("|", "\\|")
        say(f"  not measured: {why}")
        self.findings.append(Finding(row, what, "", "", f"not measured: {why}", failed=True))

    def find(self, row, what, against, target, measured, met=None):
        self.findings.append(Finding(row, what, against, target, measured, met))
        say(f"  {what}: {measured} ({target or 'no target'}){'' if met is None else ' met' if met else ' MISSED'}")

    def faster(self, row, what, against, section, ours, theirs, least):
        """A finding about how many times faster we are."""
        costs = self.costs[section]
        ratio = middle(costs[theirs]) / middle(costs[ours])
        target = "not slower" if least == 1 else f"at least {least} times faster"
        self.find(row, what, against, target, f"{ratio:.2f} times", ratio >= least)

    def note(self, section, what, cost):
        self.costs[section][what].append(cost)
        say(f"  {what}: {cost.wall:.2f} s, {cost.cpu:.2f} CPU s, {mb(cost.rss)} MB")
        return cost

    def path(self, name):
        return os.path.join(self.folder, name)

    def need_space(self, bytes_needed):
        free = shutil.disk_usage(self.folder).free
        if free < bytes_needed:
            raise NotMeasured(f"{free / 1e9:.0f} GB free, {bytes_needed / 1e9:.0f} GB needed")

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

    # ---- pulling alone

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

    @once
    def pool(self):
        return Pool()

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

    # ---- the supervisor

    def supervisor(self):
        need("gcc")
        figures = self.figures["supervisor"] = supervisor.measure(self.bootstrap, self.folder)
        first, idle = statistics.median(figures["start"]), statistics.median(figures["resident"])
        own = statistics.median(figures["event"]) - statistics.median(figures["process"])
        for what, against, target, measured, met in (
                ("exec to the first `next`", "", "under 5 ms", f"{first * 1e3:.2f} ms", first < 0.005),
                ("memory while it waits", "", "under 8 MB", f"{idle / 1e6:.2f} MB", idle < 8e6),
                ("size of the executable", "", "under 6 MB", f"{figures['size'] / 1e6:.2f} MB", figures["size"] < 6e6),
                ("an event in a warm sandbox, beyond its program's process", "posix_spawn of the same", "under 1 ms",
                 f"{own * 1e3:.2f} ms", own < 0.001)):
            self.find("supervisor", what, against, target, measured, met)

    # ---- relocation

    def relocation(self):
        need("bwrap", "unshare", "gcc")
        figures = self.figures["relocation"] = relocation.measure(self.rounds)
        for what, against, target, measured, met in relocation.findings(figures["cost"]):
            self.find("relocation", what, against, target, measured, met)
        what, against, target, measured, met, reasons = relocation.alike(figures["conformance"])
        self.find("relocation", what, against, target, measured, met)
        figures["reasons"] = reasons

    def prune(self):
        need("bwrap")
        folder = self.path("prune")
        try:
            figures = self.figures["prune"] = pruning.measure(self.scar_build, folder)
        finally:
            remove(folder)
        for what, against, target, measured, met in pruning.findings(figures):
            self.find("prune", what, against, target, measured, met)

    def cold_start(self):
        """The demo's package, its tree in memory: what a disk costs comes on top, and hits whoever writes more first."""
        section, ways = "A function's first output in a cold sandbox", tuple(coldstart.WAYS)
        folder = self.path("cold-start")
        try:
            package = coldstart.Package(self.scar_build.package("cold-start"), self.scar_build.demo_input, folder)
            found = coldstart.measure(package, folder, 3 * self.rounds)
        finally:
            remove(folder)
        self.figures[section] = found
        first = {way: statistics.median(run["first output"] for run in found[way]) for way in ways}
        for way in ways:
            answer = statistics.median(run["answer"] for run in found[way])
            self.find("cold-start", f"exec to first output and to answer, {way}", "", "",
                      f"{first[way] * 1e3:.0f} ms, {answer * 1e3:.0f} ms")
        share = first[ways[0]] / first[ways[1]]
        self.find("cold-start", "exec to first output", ways[1], "at most half of its", f"{share:.2f} of its",
                  share <= 0.5)
        peak = max(run["peak"] for run in found[ways[0]])
        self.find("cold-start", f"the supervisor's peak memory, {ways[0]}", "", "", f"{mb(peak)} MB")

    def close(self):
        self.registry.stop()


def large_archive(pool, numbers, each):
    """Layers of the large image as one archive, for what knows no layers."""
    return images.archive(*(images.large_layer(pool, number, each) for number in numbers))
