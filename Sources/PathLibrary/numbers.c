// syscall(): what libuv, Rust's and others' libraries call by number instead of by name.
#include "library.h"

enum { cwd = -1 };

// Where a system call has its paths: the arguments with a folder (cwd: the working directory) and a path, twice.
typedef struct {
    short number;
    signed char folder, path, other_folder, other_path;
} path_call;

#define ONE(name, folder, path) {__NR_##name, folder, path, cwd, 0}
#define TWO(name, folder, path, other_folder, other_path) {__NR_##name, folder, path, other_folder, other_path}

static const path_call path_calls[] = {
    ONE(openat, 0, 1),      ONE(unlinkat, 0, 1),     ONE(mkdirat, 0, 1),          ONE(mknodat, 0, 1),
    ONE(fchmodat, 0, 1),    ONE(faccessat, 0, 1),    ONE(utimensat, 0, 1),        ONE(statfs, cwd, 0),
    ONE(truncate, cwd, 0),  ONE(chdir, cwd, 0),      ONE(chroot, cwd, 0),         ONE(acct, cwd, 0),
    ONE(getxattr, cwd, 0),  ONE(lgetxattr, cwd, 0),  ONE(setxattr, cwd, 0),       ONE(lsetxattr, cwd, 0),
    ONE(listxattr, cwd, 0), ONE(llistxattr, cwd, 0), ONE(removexattr, cwd, 0),    ONE(lremovexattr, cwd, 0),
    ONE(umount2, cwd, 0),   ONE(swapon, cwd, 0),     ONE(swapoff, cwd, 0),        ONE(inotify_add_watch, cwd, 1),
    ONE(quotactl, cwd, 1),  ONE(fanotify_mark, 3, 4), ONE(name_to_handle_at, 0, 1), TWO(renameat2, 0, 1, 2, 3),
    TWO(linkat, 0, 1, 2, 3), TWO(mount, cwd, 0, cwd, 1), TWO(pivot_root, cwd, 0, cwd, 1),
#ifdef __NR_faccessat2
    ONE(faccessat2, 0, 1),
#endif
#ifdef __NR_fchmodat2
    ONE(fchmodat2, 0, 1),
#endif
#ifdef __NR_open_tree
    ONE(open_tree, 0, 1),   ONE(fspick, 0, 1),       TWO(move_mount, 0, 1, 2, 3),
#endif
#ifdef __NR_mount_setattr
    ONE(mount_setattr, 0, 1),
#endif
#ifdef __NR_renameat
    TWO(renameat, 0, 1, 2, 3),
#endif
#ifdef __x86_64__
    ONE(open, cwd, 0),      ONE(creat, cwd, 0),      ONE(access, cwd, 0),         ONE(mkdir, cwd, 0),
    ONE(rmdir, cwd, 0),     ONE(unlink, cwd, 0),     ONE(chmod, cwd, 0),          ONE(mknod, cwd, 0),
    ONE(utime, cwd, 0),     ONE(utimes, cwd, 0),     ONE(futimesat, 0, 1),        ONE(uselib, cwd, 0),
    TWO(rename, cwd, 0, cwd, 1), TWO(link, cwd, 0, cwd, 1),
#endif
};

static const path_call *find_call(long number) {
    for (size_t index = 0; index < sizeof path_calls / sizeof *path_calls; index++)
        if (path_calls[index].number == number) return &path_calls[index];
    return NULL;
}

static int folder_in(const long arguments[], int index) { return index == cwd ? AT_FDCWD : (int)arguments[index]; }

APART static long call_mapped(const path_call *as, long arguments[]) {
    const char *path = (const char *)arguments[as->path];
    const char *other = as->other_path > 0 ? (const char *)arguments[as->other_path] : NULL;
    MAP_AT(folder_in(arguments, as->folder), path);
    MAP_AT(folder_in(arguments, as->other_folder), other);
    if (as->other_path > 0) arguments[as->other_path] = (long)other;
    arguments[as->path] = (long)path;
    return CALL(
        -1, syscall, as->number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

#ifdef __NR_openat2
// `how` says in its third member that paths stay below the folder, or begin there: then they are not the root's.
static long open_by_rules(long folder, const char *path, const unsigned long *how, long size) {
    enum { below_folder = 0x8, in_folder = 0x10 };
    if (how != NULL && size >= 24 && how[2] & (below_folder | in_folder))
        return CALL(-1, syscall, __NR_openat2, folder, (long)path, (long)how, size, 0, 0);
    MAP_AT((int)folder, path);
    return CALL(-1, syscall, __NR_openat2, folder, (long)path, (long)how, size, 0, 0);
}
#endif

// The calls that need more than a mapped path are the functions of that name. False when it is none of them.
APART static bool call_by_name(long number, const long a[], long *result) {
    switch (number) {
    case __NR_execve: *result = execve((char *)a[0], (char **)a[1], (char **)a[2]); return true;
    case __NR_execveat: *result = execveat((int)a[0], (char *)a[1], (char **)a[2], (char **)a[3], (int)a[4]); return true;
    case __NR_readlinkat: *result = readlinkat((int)a[0], (char *)a[1], (char *)a[2], (size_t)(int)a[3]); return true;
    case __NR_symlinkat: *result = symlinkat((char *)a[0], (int)a[1], (char *)a[2]); return true;
    case __NR_fchownat: *result = fchownat((int)a[0], (char *)a[1], (unsigned)a[2], (unsigned)a[3], (int)a[4]); return true;
    case __NR_fchown: *result = fchown((int)a[0], (unsigned)a[1], (unsigned)a[2]); return true;
    case __NR_statx: *result = statx((int)a[0], (char *)a[1], (int)a[2], (unsigned)a[3], (void *)a[4]); return true;
    case __NR_fstat: *result = fstat((int)a[0], (void *)a[1]); return true;
#ifdef __x86_64__
    case __NR_newfstatat: *result = fstatat((int)a[0], (char *)a[1], (void *)a[2], (int)a[3]); return true;
    case __NR_stat: *result = stat((char *)a[0], (void *)a[1]); return true;
    case __NR_lstat: *result = lstat((char *)a[0], (void *)a[1]); return true;
    case __NR_readlink: *result = readlink((char *)a[0], (char *)a[1], (size_t)(int)a[2]); return true;
    case __NR_symlink: *result = symlink((char *)a[0], (char *)a[1]); return true;
    case __NR_chown: *result = chown((char *)a[0], (unsigned)a[1], (unsigned)a[2]); return true;
    case __NR_lchown: *result = lchown((char *)a[0], (unsigned)a[1], (unsigned)a[2]); return true;
#else
    case __NR3264_fstatat: *result = fstatat((int)a[0], (char *)a[1], (void *)a[2], (int)a[3]); return true;
#endif
#ifdef __NR_openat2
    case __NR_openat2: *result = open_by_rules(a[0], (char *)a[1], (unsigned long *)a[2], a[3]); return true;
#endif
    case __NR_bind: *result = bind((int)a[0], (void *)a[1], (unsigned)a[2]); return true;
    case __NR_connect: *result = connect((int)a[0], (void *)a[1], (unsigned)a[2]); return true;
    case __NR_accept: *result = accept((int)a[0], (void *)a[1], (unsigned *)a[2]); return true;
    case __NR_accept4: *result = accept4((int)a[0], (void *)a[1], (unsigned *)a[2], (int)a[3]); return true;
    case __NR_getsockname: *result = getsockname((int)a[0], (void *)a[1], (unsigned *)a[2]); return true;
    case __NR_getpeername: *result = getpeername((int)a[0], (void *)a[1], (unsigned *)a[2]); return true;
    case __NR_getuid: *result = getuid(); return true;
    case __NR_geteuid: *result = geteuid(); return true;
    case __NR_getgid: *result = getgid(); return true;
    case __NR_getegid: *result = getegid(); return true;
    case __NR_getcwd:
        // The kernel's answer is the length with its NUL.
        *result = getcwd((char *)a[0], a[0] == 0 ? 1 : (size_t)a[1]) == NULL ? -1 : (long)strlen((char *)a[0]) + 1;
        return true;
    default: return false;
    }
}

// Two registers: the address of a local variable that got about would forbid the jump below.
typedef struct {
    bool known;
    long result;
} outcome;

APART static outcome call_known(long number, long a, long b, long c, long d, long e, long f) {
    long arguments[] = {a, b, c, d, e, f};
    const path_call *as = find_call(number);
    if (as != NULL) return (outcome){true, call_mapped(as, arguments)};
    outcome of = {false, 0};
    of.known = call_by_name(number, arguments, &of.result);
    return of;
}

// What is asked for thousands of times a second has no path.
static bool may_have_path(long number) {
    return number != __NR_futex && number != __NR_gettid && number != __NR_getrandom;
}

// Everything else goes on by a jump: a system call that makes a process returns twice.
long syscall(long number, long a, long b, long c, long d, long e, long f) {
    if (is_active() && may_have_path(number)) {
        outcome of = call_known(number, a, b, c, d, e, f);
        if (of.known) return of.result;
    }
    __typeof__(&syscall) next = NEXT(syscall);
    if (next == NULL) return fail(ENOSYS);
    return next(number, a, b, c, d, e, f);
}
