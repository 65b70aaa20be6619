// The loop of `scripts/conformance --cost`.
#include "conformance.h"

// No case of the comparison: it only takes long.
#define COST_CASE(name) CASE(name)
COST_CASE(cost_loop) {
    long found = 0;
    for (int i = 0; i < 100000; i++) {
        struct stat status;
        if (stat(DATA "/file", &status) == 0) found++;
        int file = open(DATA "/folder/inner", O_RDONLY);
        if (file >= 0) found++, close(file);
    }
    show("found", found);
}
