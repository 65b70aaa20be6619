// What is told about files.
#include "conformance.h"

#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

static const char *const files[] = {
    DATA "/file", DATA, DATA "/folder/", DATA "/absolute-link", DATA "/relative-link", DATA "/dangling", DATA "/loop",
    DATA "/missing", DATA "/file/", DATA "/chain/file", DATA "/folder-link/", DATA "/link-to-root/etc", "/", "/usr",
    "/proc", "/dev/null", "/etc/conformance-only-in-image", "/etc/conformance-only-on-host", "",
};
#define EACH(path) for (size_t i_ = 0; i_ < sizeof files / sizeof *files && (path = files[i_], 1); i_++)

// /proc and / have owners of their own in each world.
static void show_kind(const char *what, int result, const struct stat *status) {
    if (result == 0 && !S_ISREG(status->st_mode) && !S_ISLNK(status->st_mode))
        printf("%s: %s\n", what, S_ISDIR(status->st_mode) ? "folder" : "device");
    else
        show_stat(what, result, status);
}

CASE(stat) {
    const char *path;
    struct stat status;
    EACH(path) show_kind(path, stat(path, &status), &status);
}

CASE(lstat) {
    const char *path;
    struct stat status;
    EACH(path) {
        int result = lstat(path, &status);
        // A link of the image may be of another length; only its kind counts.
        if (result == 0 && S_ISLNK(status.st_mode))
            printf("%s: link\n", path);
        else
            show_kind(path, result, &status);
    }
}

CASE(lstat_size_of_absolute_link) {
    struct stat status;
    char target[PATH_MAX];
    int result = lstat(DATA "/absolute-link", &status);
    ssize_t length = readlink(DATA "/absolute-link", target, sizeof target);
    printf("lstat %d, as long as what readlink says: %d\n", result, status.st_size == length);
}

CASE(lstat_size_of_new_link) {
    struct stat status;
    show("symlink", symlink("/usr/share/conformance/file", WORK "/link"));
    show("lstat", lstat(WORK "/link", &status));
    printf("size: %lld\n", (long long)status.st_size);
}

CASE(stat64) {
    const char *path;
    struct stat64 status;
    EACH(path) show_kind(path, stat64(path, &status), (struct stat *)&status);
}

CASE(fstatat) {
    const char *path;
    struct stat status;
    int folder = open(DATA, O_RDONLY | O_DIRECTORY);
    EACH(path) show_kind(path, fstatat(folder, path, &status, 0), &status);
    show_kind("relative", fstatat(folder, "folder/inner", &status, 0), &status);
    show_kind("empty path", fstatat(folder, "", &status, AT_EMPTY_PATH), &status);
    show_kind("link", fstatat(folder, "absolute-link", &status, 0), &status);
    int result = fstatat(folder, "absolute-link", &status, AT_SYMLINK_NOFOLLOW);
    printf("link itself: %d %d\n", result, S_ISLNK(status.st_mode));
    show_kind("no descriptor", fstatat(-1, "file", &status, 0), &status);
    int descriptor = open(DATA "/file", O_RDONLY);
    show_kind("a file as folder", fstatat(descriptor, "x", &status, 0), &status);
    struct stat64 large;
    show_kind("fstatat64", fstatat64(AT_FDCWD, DATA "/file", &large, 0), (struct stat *)&large);
    int root = open("/", O_RDONLY | O_DIRECTORY);
    show_kind("above the root", fstatat(root, "../../etc/conformance-only-in-image", &status, 0), &status);
}

CASE(fstat) {
    struct stat status;
    int descriptor = open(DATA "/file", O_RDONLY);
    show_kind("fstat", fstat(descriptor, &status), &status);
    show_kind("fstat of nothing", fstat(-1, &status), &status);
}

CASE(root_is_root) {
    struct stat a, b, c;
    show("/", stat("/", &a));
    show("/..", stat("/..", &b));
    show("/../../.", stat("/../../.", &c));
    printf("same: %d %d\n", a.st_ino == b.st_ino && a.st_dev == b.st_dev, a.st_ino == c.st_ino);
    show("chdir", chdir("/"));
    show("..", stat("..", &b));
    show("../..", stat("../..", &c));
    printf("same: %d %d\n", a.st_ino == b.st_ino && a.st_dev == b.st_dev, a.st_ino == c.st_ino && a.st_dev == c.st_dev);
    printf("lstat: %d\n", lstat("..", &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev);
}

#if defined STATX_TYPE && (!defined __GLIBC__ || __GLIBC_PREREQ(2, 28))
CASE(statx) {
    const char *path;
    struct statx status;
    EACH(path) {
        int result = statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &status);
        if (result < 0)
            show(path, result);
        else if (S_ISREG(status.stx_mode))
            printf("%s: file %04o %llu\n", path, status.stx_mode & 07777, (unsigned long long)status.stx_size);
        else
            printf("%s: %o\n", path, status.stx_mode & S_IFMT);
    }
    int folder = open(DATA, O_RDONLY | O_DIRECTORY);
    show("relative", statx(folder, "folder/inner", 0, STATX_SIZE, &status));
    show("empty", statx(folder, "", AT_EMPTY_PATH, STATX_SIZE, &status));
    show("link itself", statx(folder, "absolute-link", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status));
    printf("is link: %d\n", S_ISLNK(status.stx_mode));
}
#endif

CASE(stat_by_syscall) {
    struct stat status;
#ifdef SYS_newfstatat
    show_kind("newfstatat", (int)syscall(SYS_newfstatat, AT_FDCWD, DATA "/file", &status, 0), &status);
    show_kind("missing", (int)syscall(SYS_newfstatat, AT_FDCWD, DATA "/missing", &status, 0), &status);
#endif
#ifdef SYS_stat
    show_kind("stat", (int)syscall(SYS_stat, DATA "/file", &status), &status);
    show("lstat", syscall(SYS_lstat, DATA "/absolute-link", &status));
    show("access", syscall(SYS_access, DATA "/file", R_OK));
#endif
    char space[256];
    show("statx", syscall(SYS_statx, AT_FDCWD, DATA "/file", 0, 0x7ff, space));
    show("faccessat", syscall(SYS_faccessat, AT_FDCWD, DATA "/file", R_OK));
    show("faccessat2", syscall(439, AT_FDCWD, DATA "/file", R_OK, AT_EACCESS));
    show("missing", syscall(439, AT_FDCWD, DATA "/missing", R_OK, AT_EACCESS));
    show("statx missing", syscall(SYS_statx, AT_FDCWD, DATA "/missing", 0, 0x7ff, space));
}

#if defined __GLIBC__ && defined __x86_64__
// What programs built before glibc 2.33 call; they cannot be linked to by default any more.
#define OLD(name, version) __asm__(".symver old" #name "," #name "@" version)
OLD(__xstat, "GLIBC_2.2.5");
OLD(__lxstat, "GLIBC_2.2.5");
OLD(__fxstat, "GLIBC_2.2.5");
OLD(__fxstatat, "GLIBC_2.4");
OLD(__xstat64, "GLIBC_2.2.5");
OLD(__lxstat64, "GLIBC_2.2.5");
OLD(__fxstatat64, "GLIBC_2.4");
OLD(__xmknod, "GLIBC_2.2.5");
OLD(__xmknodat, "GLIBC_2.4");
int old__xstat(int, const char *, struct stat *), old__lxstat(int, const char *, struct stat *);
int old__fxstat(int, int, struct stat *), old__fxstatat(int, int, const char *, struct stat *, int);
int old__xstat64(int, const char *, struct stat *), old__lxstat64(int, const char *, struct stat *);
int old__fxstatat64(int, int, const char *, struct stat *, int);
int old__xmknod(int, const char *, mode_t, dev_t *), old__xmknodat(int, int, const char *, mode_t, dev_t *);

GLIBC_CASE(xstat) {
    struct stat status;
    const char *path;
    EACH(path) show_kind(path, old__xstat(1, path, &status), &status);
    show_kind("__xstat64", old__xstat64(1, DATA "/file", &status), &status);
    show_kind("another version", old__xstat(7, DATA "/file", &status), &status);
    show("__lxstat", old__lxstat(1, DATA "/absolute-link", &status));
    printf("is link: %d\n", S_ISLNK(status.st_mode));
    show("__lxstat64", old__lxstat64(1, DATA "/absolute-link", &status));
    int folder = open(DATA, O_RDONLY | O_DIRECTORY);
    show_kind("__fxstatat", old__fxstatat(1, folder, "folder/inner", &status, 0), &status);
    show_kind("__fxstatat", old__fxstatat(1, folder, DATA "/file", &status, 0), &status);
    show_kind("__fxstatat64", old__fxstatat64(1, folder, DATA "/file", &status, 0), &status);
    show_kind("__fxstat", old__fxstat(1, folder, &status), &status);
}

GLIBC_CASE(xmknod) {
    dev_t none = 0;
    struct stat status;
    show("__xmknod", old__xmknod(0, WORK "/fifo", S_IFIFO | 0600, &none));
    show("__xmknodat", old__xmknodat(0, AT_FDCWD, WORK "/fifo2", S_IFIFO | 0600, &none));
    show_stat("made", stat(WORK "/fifo", &status), &status);
    show_stat("made", stat(WORK "/fifo2", &status), &status);
}
#endif

CASE(access) {
    const char *path;
    EACH(path) show(path, access(path, R_OK));
    show("exists", access(DATA "/file", F_OK));
    show("execute", access(DATA "/file", X_OK));
    show("execute a program", access(DATA "/script", X_OK));
    show("write", access(DATA "/read-only", W_OK));
    show("wrong mode", access(DATA "/file", 64));
    show("eaccess", eaccess(DATA "/file", R_OK));
    show("euidaccess", euidaccess(DATA "/file", R_OK));
    show("eaccess missing", eaccess(DATA "/missing", R_OK));
    int folder = open(DATA, O_RDONLY | O_DIRECTORY);
    show("faccessat", faccessat(folder, "file", R_OK, 0));
    show("faccessat absolute", faccessat(folder, DATA "/file", R_OK, 0));
    show("faccessat effective", faccessat(folder, "file", R_OK, AT_EACCESS));
    show("faccessat link itself", faccessat(folder, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
    show("faccessat missing", faccessat(folder, DATA "/missing", R_OK, 0));
}

CASE(statfs) {
    struct statfs a, b;
    struct statvfs c;
    struct statfs64 d;
    show("statfs", statfs(DATA "/file", &a));
    show("statfs of the root", statfs("/", &b));
    printf("same kind: %d\n", a.f_type == b.f_type);
    show("statfs64", statfs64(DATA "/file", &d));
    show("statvfs", statvfs(DATA "/file", &c));
    show("proc", statfs("/proc", &a));
    printf("is proc: %d\n", a.f_type == 0x9fa0);
    show("missing", statfs(DATA "/missing", &a));
    show("statvfs missing", statvfs(DATA "/missing", &c));
    show("only on the host", statvfs("/etc/conformance-only-on-host", &c));
}

CASE(pathconf) {
    show("name", pathconf(DATA, _PC_NAME_MAX));
    show("path", pathconf("/", _PC_PATH_MAX));
    errno = 0;
    show("missing", pathconf(DATA "/missing", _PC_LINK_MAX));
}
