#define _GNU_SOURCE
#include "csupervisor.h"
#include "remove_tree.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

const int csupervisor_here = AT_FDCWD;

#define again(call) ({ __typeof__(call) result_; do result_ = (call); while (result_ < 0 && errno == EINTR); result_; })
#define checked(call) ({ __typeof__(call) done_ = again(call); done_ < 0 ? -errno : done_; })

int csupervisor_open(int folder, const char *path, int how, unsigned permissions) {
    int flags = O_CLOEXEC;
    if (how & csupervisor_create_new) flags |= O_WRONLY | O_CREAT | O_EXCL;
    else if (how & csupervisor_append) flags |= O_RDWR | O_CREAT | O_APPEND;
    else if (how & csupervisor_rewrite) flags |= O_WRONLY;
    else flags |= O_RDONLY | O_NONBLOCK;
    if (how & csupervisor_folder) flags |= O_DIRECTORY;
    if (!(how & csupervisor_follow)) flags |= O_NOFOLLOW;
    int opened = checked(openat(folder, path, flags, permissions));
    // A file whose bytes are still to come: only without the flag does the kernel wait for them.
    return opened == -EAGAIN ? checked(openat(folder, path, flags & ~O_NONBLOCK, permissions)) : opened;
}

void csupervisor_close(int descriptor) { close(descriptor); }

long csupervisor_read(int descriptor, void *bytes, size_t count) { return checked(read(descriptor, bytes, count)); }

long csupervisor_read_at(int descriptor, void *bytes, size_t count, uint64_t offset) {
    if (offset > INT64_MAX) return 0;
    return checked(pread(descriptor, bytes, count, (off_t)offset));
}

int csupervisor_write(int descriptor, const void *bytes, size_t count) {
    for (const char *next = bytes; count > 0;) {
        ssize_t wrote = again(write(descriptor, next, count));
        if (wrote < 0) return -errno;
        next += wrote;
        count -= (size_t)wrote;
    }
    return 0;
}

int csupervisor_write_at(int descriptor, const void *bytes, size_t count, uint64_t offset) {
    for (const char *next = bytes; count > 0;) {
        ssize_t wrote = again(pwrite(descriptor, next, count, (off_t)offset));
        if (wrote < 0) return -errno;
        next += wrote;
        offset += (uint64_t)wrote;
        count -= (size_t)wrote;
    }
    return 0;
}

int csupervisor_size(int descriptor, uint64_t *size) {
    struct stat found;
    if (fstat(descriptor, &found) != 0) return -errno;
    *size = (uint64_t)found.st_size;
    if (S_ISREG(found.st_mode)) return 0;
    if (!S_ISBLK(found.st_mode)) return -EINVAL;
    return ioctl(descriptor, BLKGETSIZE64, size) == 0 ? 0 : -errno;
}

int csupervisor_truncate(int descriptor, uint64_t size) {
    if (size > INT64_MAX) return -EFBIG;
    return checked(ftruncate(descriptor, (off_t)size));
}

static void describe(const struct stat *from, csupervisor_status *to) {
    to->mode = from->st_mode;
    to->owner = from->st_uid;
    to->size = (uint64_t)from->st_size;
    to->device = from->st_dev;
    to->inode = from->st_ino;
}

int csupervisor_status_of(int descriptor, csupervisor_status *status) {
    struct stat found;
    if (fstat(descriptor, &found) != 0) return -errno;
    describe(&found, status);
    return 0;
}

int csupervisor_status_at(int folder, const char *name, csupervisor_status *status) {
    struct stat found;
    if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
    describe(&found, status);
    return 0;
}

int csupervisor_make_folder(int folder, const char *name, unsigned permissions) {
    return checked(mkdirat(folder, name, permissions));
}

int csupervisor_make_symlink(int folder, const char *name, const char *target) {
    return checked(symlinkat(target, folder, name));
}

int csupervisor_make_link(int source_folder, const char *source, int folder, const char *name) {
    return checked(linkat(source_folder, source, folder, name, 0));
}

int csupervisor_make_node(int folder, const char *name, unsigned mode, uint32_t device) {
    // Linux's new_decode_dev: 12 bits of major number between two parts of the minor one.
    unsigned major_number = (device >> 8) & 0xfff;
    unsigned minor_number = (device & 0xff) | ((device >> 12) & 0xfff00);
    return checked(mknodat(folder, name, mode, makedev(major_number, minor_number)));
}

int csupervisor_set_mode(int descriptor, unsigned permissions) { return checked(fchmod(descriptor, permissions)); }

int csupervisor_set_node_mode(int folder, const char *name, unsigned permissions) {
    return checked(fchmodat(folder, name, permissions, 0));
}

int csupervisor_set_owner(int folder, const char *name, unsigned owner, unsigned group) {
    return checked(fchownat(folder, name, owner, group, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
}

int csupervisor_set_time(int folder, const char *name, int64_t seconds) {
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    if (name[0] == 0) return checked(futimens(folder, times));
    return checked(utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW));
}

int csupervisor_set_attribute(int descriptor, const char *name, const void *value, size_t count) {
    return checked(fsetxattr(descriptor, name, value, count, 0));
}

int csupervisor_set_attribute_at(
    int folder, const char *file, const char *name, const void *value, size_t count) {
    // Linux has this call for folders only since 6.13; before, the way to a file in an open folder is through /proc.
    char path[512];
    int length = snprintf(path, sizeof path, "/proc/self/fd/%d/%s", folder, file);
    if (length < 0 || (size_t)length >= sizeof path) return -ENAMETOOLONG;
    return checked(lsetxattr(path, name, value, count, 0));
}

int csupervisor_rename(int from_folder, const char *from, int to_folder, const char *to) {
    return checked(renameat(from_folder, from, to_folder, to));
}

int csupervisor_remove_tree(int folder, const char *name) { return remove_tree(folder, name); }

int csupervisor_free_bytes(int descriptor, uint64_t *bytes) {
    struct statvfs space;
    if (again(fstatvfs(descriptor, &space)) != 0) return -errno;
    *bytes = (uint64_t)space.f_bavail * space.f_frsize;
    return 0;
}

int csupervisor_lock(int descriptor, int kind) {
    return checked(flock(descriptor, kind == 2 ? LOCK_SH : kind == 1 ? LOCK_EX : LOCK_EX | LOCK_NB));
}

int csupervisor_is_executable(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode) && access(path, X_OK) == 0;
}

long csupervisor_copy(int source, int destination, size_t count) {
    ssize_t moved = again(copy_file_range(source, NULL, destination, NULL, count, 0));
    if (moved < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM))
        moved = again(sendfile(destination, source, NULL, count));
    return moved < 0 ? -errno : moved;
}

struct csupervisor_listing {
    DIR *folder;
};

csupervisor_listing *csupervisor_list(int folder, int *error) {
    csupervisor_listing *listing = malloc(sizeof *listing);
    // A descriptor of its own, with its own position.
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (listing != NULL && own >= 0 && (listing->folder = fdopendir(own)) != NULL) return listing;
    *error = -errno;
    if (own >= 0) close(own);
    free(listing);
    return NULL;
}

const char *csupervisor_next_name(csupervisor_listing *listing) {
    for (struct dirent *entry; (entry = readdir(listing->folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry->d_name;
    return NULL;
}

void csupervisor_end_list(csupervisor_listing *listing) {
    closedir(listing->folder);
    free(listing);
}
