#define _GNU_SOURCE
#include "csystem.h"
#include "../CSupervisor/remove_tree.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int csystem_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

int csystem_open_nameless(const char *folder, unsigned permissions) {
    return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, permissions);
}

ssize_t csystem_copy_range(int source, off_t *offset, int destination, size_t length) {
    return copy_file_range(source, offset, destination, NULL, length, 0);
}

int csystem_set_direct(int descriptor, bool on) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(descriptor, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT);
}

int64_t csystem_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int csystem_exchange(const char *path, const char *other) {
    return renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
}

int csystem_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return CPU_COUNT(&set);
}

void csystem_remove_tree(const char *path) { (void)remove_tree(AT_FDCWD, path); }

int csystem_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int csystem_limit(pid_t process, int what, uint64_t value) {
    static const int resources[] = {RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_CORE};
    struct rlimit old;
    if (prlimit(process, resources[what], NULL, &old) != 0) return -1;
    // Never more than there was: raising needs a right that we may not have.
    struct rlimit limit = {value < old.rlim_max ? value : old.rlim_max, value < old.rlim_max ? value : old.rlim_max};
    return prlimit(process, resources[what], &limit, NULL);
}

/// The name of an open file; its length, or -1.
static ssize_t name_of(int descriptor, char name[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    return readlink(link, name, PATH_MAX);
}

ssize_t csystem_resolve_in_root(int folder, const char *path, char *real, size_t size) {
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    int found = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (found < 0) return -1;
    char root[PATH_MAX], name[PATH_MAX];
    struct stat status;
    ssize_t before = name_of(folder, root), length = name_of(found, name);
    bool is_folder = fstat(found, &status) != 0 || S_ISDIR(status.st_mode);
    close(found);
    if (before < 0 || length < 0) return -1;
    if (is_folder || length <= before || memcmp(root, name, (size_t)before) != 0 || name[before] != '/') return 0;
    size_t count = (size_t)(length - before - 1);
    if (count > size) return 0;
    memcpy(real, name + before + 1, count);
    return (ssize_t)count;
}
