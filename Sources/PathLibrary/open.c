// open and its relatives. While an image is still being unpacked, the kernel keeps whoever opens a file waiting until its
// bytes are there; but not those who say that they will not wait, as some say of every file. They wait here.
#include "library.h"
#include <asm/stat.h>

enum { kind_bits = 0170000, regular = 0100000 };

static bool is_regular(int folder, const char *path) {
    struct stat status;
    return kernel4(__NR_newfstatat, folder, (long)path, (long)&status, 0) == 0 &&
           (status.st_mode & kind_bits) == regular;
}

bool waits_for_bytes(int folder, const char *path, int flags, int error) {
    if (!(flags & O_NONBLOCK) || error != EAGAIN || !is_regular(folder, path)) return false;
    int file;
    do file = kernel_open(folder, path, flags & O_ACCMODE);
    while (file == -EINTR);
    if (file >= 0) kernel_close(file);
    return file >= 0;
}

#define OPEN_AT(folder, path, call)                                                                  \
    ({                                                                                               \
        int opened_ = call;                                                                          \
        opened_ < 0 && waits_for_bytes(folder, path, flags, *error_number()) ? call : opened_;       \
    })

#define START(name)                       \
    is_active();                          \
    __typeof__(&name) next_ = NEXT(name); \
    if (next_ == NULL) return (int)fail(ENOSYS)

#define OPEN(name)                                                    \
    int name(const char *path, int flags, unsigned mode) {            \
        START(name);                                                  \
        MAP(path);                                                    \
        return OPEN_AT(AT_FDCWD, path, next_(path, flags, mode));     \
    }
OPEN(open)
OPEN(open64)
OPEN(__open)
OPEN(__open64)

#define OPEN_2(name)                                        \
    int name(const char *path, int flags) {                 \
        START(name);                                        \
        MAP(path);                                          \
        return OPEN_AT(AT_FDCWD, path, next_(path, flags)); \
    }
OPEN_2(__open_2)
OPEN_2(__open64_2)

#define OPENAT(name)                                                    \
    int name(int folder, const char *path, int flags, unsigned mode) {  \
        START(name);                                                    \
        MAP_AT(folder, path);                                           \
        return OPEN_AT(folder, path, next_(folder, path, flags, mode)); \
    }
OPENAT(openat)
OPENAT(openat64)

#define OPENAT_2(name)                                            \
    int name(int folder, const char *path, int flags) {           \
        START(name);                                              \
        MAP_AT(folder, path);                                     \
        return OPEN_AT(folder, path, next_(folder, path, flags)); \
    }
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)
