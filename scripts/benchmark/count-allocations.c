/* Counts the allocations of a program that it is preloaded into, and adds the count as a line to the file that
   SCAR_ALLOCATIONS names when the program ends. For glibc: it calls the allocator's own entry points, so that nothing
   has to be looked up, which would allocate. */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_ulong count;

static void tick(void) { atomic_fetch_add_explicit(&count, 1, memory_order_relaxed); }

void *malloc(size_t size) {
    tick();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    tick();
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    tick();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    tick();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    tick();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    tick();
    void *memory = __libc_memalign(alignment, size);
    if (!memory) return ENOMEM;
    *result = memory;
    return 0;
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("SCAR_ALLOCATIONS");
    if (!path) return;
    char line[32];
    int length = snprintf(line, sizeof line, "%lu\n", atomic_load(&count));
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return;
    if (write(file, line, (size_t)length) != length) perror("count-allocations");
    close(file);
}
