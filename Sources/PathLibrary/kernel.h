#pragma once
// System calls made directly: only for files that the library reads itself, so that neither cancellation nor a
// wrapper comes between, and while it starts. The C library's own functions do everything else.
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <stddef.h>
#include <stdint.h>

#if !defined __x86_64__ && !defined __aarch64__
#error "the path library knows x86_64 and aarch64"
#endif
_Static_assert(sizeof(long) == 8 && sizeof(void *) == 8, "pointers and long are 64 bits wide");

static inline long kernel6(long number, long a, long b, long c, long d, long e, long f) {
#ifdef __x86_64__
    long result;
    register long fourth __asm__("r10") = d, fifth __asm__("r8") = e, sixth __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
#else
    register long number_ __asm__("x8") = number, a_ __asm__("x0") = a, b_ __asm__("x1") = b, c_ __asm__("x2") = c,
                  d_ __asm__("x3") = d, e_ __asm__("x4") = e, f_ __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(a_) : "r"(number_), "r"(b_), "r"(c_), "r"(d_), "r"(e_), "r"(f_) : "memory");
    return a_;
#endif
}
static inline long kernel4(long number, long a, long b, long c, long d) { return kernel6(number, a, b, c, d, 0, 0); }

// Each answers a negated error number when it fails.
static inline int kernel_open(int folder, const char *path, int flags) {
    return (int)kernel4(__NR_openat, folder, (long)path, flags | O_CLOEXEC, 0);
}
static inline void kernel_close(int file) { kernel4(__NR_close, file, 0, 0, 0); }
static inline long kernel_read_at(int file, void *bytes, unsigned long count, long offset) {
    return kernel4(__NR_pread64, file, (long)bytes, (long)count, offset);
}
static inline long kernel_read_link(const char *path, char *target, unsigned long size) {
    return kernel4(__NR_readlinkat, AT_FDCWD, (long)path, (long)target, (long)size);
}
static inline int kernel_access(int folder, const char *path, int mode) {
    return (int)kernel4(__NR_faccessat, folder, (long)path, mode, 0);
}
// The length with the NUL at its end.
static inline long kernel_folder(char *path, unsigned long size) {
    return kernel4(__NR_getcwd, (long)path, (long)size, 0, 0);
}
// Memory that is empty, and costs nothing before it is written to; NULL when there is none.
static inline void *kernel_memory(size_t size) {
    const long rights = PROT_READ | PROT_WRITE, kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    long place = kernel6(__NR_mmap, 0, (long)size, rights, kind, -1, 0);
    return place < 0 && place > -4096 ? NULL : (void *)place;
}
static inline void kernel_give_back(void *memory, size_t size) { kernel4(__NR_munmap, (long)memory, (long)size, 0, 0); }
static inline void kernel_yield(void) { kernel4(__NR_sched_yield, 0, 0, 0, 0); }
