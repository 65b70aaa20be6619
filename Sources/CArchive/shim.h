// Decoders for archives whose compression we do not decode ourselves.
#include <archive.h>
#include <archive_entry.h>
