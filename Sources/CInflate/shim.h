// Fast inflate and CRC-32 of ISA-L, for layers as registries serve them.
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
