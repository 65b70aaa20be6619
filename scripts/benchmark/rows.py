"""What is measured: the rows, in the report's order."""

from bench import Row
from growing import Growing
from pulling import Pulling
from running import Running


class Rows(Growing, Pulling, Running):
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
