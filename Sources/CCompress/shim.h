// Block compression: shared by the linker, the squashfs reader and the supervisor.
#include <libdeflate.h>
#include <lz4.h>
#include <lz4hc.h>
#include <lzma.h>
#include <zstd.h>
