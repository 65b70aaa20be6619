// The stat family. Links are as long as they seem; with asRoot, what belongs to the process's own user seems to be root's.
#include "library.h"

// Where the kernel's struct stat and struct statx have mode, owner, group and size.
#ifdef __x86_64__
enum { mode_at = 24, owner_at = 28, group_at = 32, size_at = 48 };
#else
enum { mode_at = 16, owner_at = 24, group_at = 28, size_at = 48 };
#endif
enum { statx_owner_at = 20, statx_group_at = 24, statx_mode_at = 28, statx_size_at = 40 };

static void show_root(char *status, size_t owner, size_t group) {
    unsigned user, its_group;
    memcpy(&user, status + owner, sizeof user);
    memcpy(&its_group, status + group, sizeof its_group);
    if (user == (unsigned)kernel4(__NR_geteuid, 0, 0, 0, 0)) memset(status + owner, 0, sizeof user);
    if (its_group == (unsigned)kernel4(__NR_getegid, 0, 0, 0, 0)) memset(status + group, 0, sizeof its_group);
}

static bool is_link(unsigned mode) { return (mode & 0170000) == 0120000; }

// The size of a link is the length of what it holds, which for the program has no prefix.
APART static void show_size(int folder, const char *path, char *at) {
    unsigned long size;
    memcpy(&size, at, sizeof size);
    if (the_mapping.prefix_length == 0 || size < the_mapping.prefix_length || size >= path_limit) return;
    char target[path_limit];
    long length = kernel4(__NR_readlinkat, folder, (long)path, (long)target, sizeof target - 1);
    if (length < 0 || (unsigned long)length != size) return;
    target[length] = 0;
    size = strlen(unmapped(target));
    memcpy(at, &size, sizeof size);
}

// `path` is the mapped one; empty for what is open.
static int answer(int result, int folder, const char *path, void *status) {
    if (result != 0) return result;
    char *bytes = status;
    unsigned mode;
    memcpy(&mode, bytes + mode_at, sizeof mode);
    if (is_link(mode)) show_size(folder, path, bytes + size_at);
    if (the_settings.as_root) show_root(status, owner_at, group_at);
    return 0;
}

#define BY_PATH(name)                                   \
    int name(const char *path, void *status) {          \
        is_active();                                    \
        MAP(path);                                      \
        return answer(CALL(-1, name, path, status), AT_FDCWD, path, status); \
    }
#define BY_FILE(name)                                   \
    int name(int file, void *status) {                  \
        is_active();                                    \
        return answer(CALL(-1, name, file, status), file, "", status); \
    }
#define BY_FOLDER(name)                                              \
    int name(int folder, const char *path, void *status, int flags) { \
        is_active();                                                 \
        MAP_AT(folder, path);                                        \
        return answer(CALL(-1, name, folder, path, status, flags), folder, path, status); \
    }
// Before glibc 2.33 these are what programs call; the version says which structure they mean, and there is one.
#define OLD_BY_PATH(name)                                   \
    int name(int version, const char *path, void *status) { \
        is_active();                                        \
        MAP(path);                                          \
        return answer(CALL(-1, name, version, path, status), AT_FDCWD, path, status); \
    }
#define OLD_BY_FILE(name)                                   \
    int name(int version, int file, void *status) {         \
        is_active();                                        \
        return answer(CALL(-1, name, version, file, status), file, "", status); \
    }
#define OLD_BY_FOLDER(name)                                                       \
    int name(int version, int folder, const char *path, void *status, int flags) { \
        is_active();                                                              \
        MAP_AT(folder, path);                                                     \
        return answer(CALL(-1, name, version, folder, path, status, flags), folder, path, status); \
    }

BY_PATH(stat)
BY_PATH(stat64)
BY_PATH(lstat)
BY_PATH(lstat64)
BY_FILE(fstat)
BY_FILE(fstat64)
BY_FOLDER(fstatat)
BY_FOLDER(fstatat64)
OLD_BY_PATH(__xstat)
OLD_BY_PATH(__xstat64)
OLD_BY_PATH(__lxstat)
OLD_BY_PATH(__lxstat64)
OLD_BY_FILE(__fxstat)
OLD_BY_FILE(__fxstat64)
OLD_BY_FOLDER(__fxstatat)
OLD_BY_FOLDER(__fxstatat64)

int statx(int folder, const char *path, int flags, unsigned mask, void *status) {
    is_active();
    MAP_AT(folder, path);
    int result = NEXT(statx) != NULL
                     ? CALL(-1, statx, folder, path, flags, mask, status)
                     : (int)CALL(-1, syscall, __NR_statx, folder, (long)path, flags, mask, (long)status, 0);
    if (result != 0) return result;
    char *bytes = status;
    unsigned short mode;
    memcpy(&mode, bytes + statx_mode_at, sizeof mode);
    if (is_link(mode)) show_size(folder, path, bytes + statx_size_at);
    if (the_settings.as_root) show_root(status, statx_owner_at, statx_group_at);
    return 0;
}
