// Block compression: shared by the linker, the squashfs reader and the supervisor.
#include <libdeflate.h>
#include <zstd.h>
