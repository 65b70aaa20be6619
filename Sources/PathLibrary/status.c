// The stat family. With asRoot, what belongs to the process's own user seems to be root's.
#include "library.h"

// Where the kernel's struct stat and struct statx have owner and group.
#ifdef __x86_64__
enum { owner_at = 28, group_at = 32 };
#else
enum { owner_at = 24, group_at = 28 };
#endif
enum { statx_owner_at = 20, statx_group_at = 24 };

static void show_root(char *status, size_t owner, size_t group) {
    unsigned user, its_group;
    memcpy(&user, status + owner, sizeof user);
    memcpy(&its_group, status + group, sizeof its_group);
    if (user == (unsigned)kernel4(__NR_geteuid, 0, 0, 0, 0)) memset(status + owner, 0, sizeof user);
    if (its_group == (unsigned)kernel4(__NR_getegid, 0, 0, 0, 0)) memset(status + group, 0, sizeof its_group);
}

static int answer(int result, void *status) {
    if (result == 0 && the_settings.as_root) show_root(status, owner_at, group_at);
    return result;
}

#define BY_PATH(name)                                   \
    int name(const char *path, void *status) {          \
        is_active();                                    \
        MAP(path);                                      \
        return answer(CALL(-1, name, path, status), status); \
    }
#define BY_FILE(name)                                   \
    int name(int file, void *status) {                  \
        is_active();                                    \
        return answer(CALL(-1, name, file, status), status); \
    }
#define BY_FOLDER(name)                                              \
    int name(int folder, const char *path, void *status, int flags) { \
        is_active();                                                 \
        MAP_AT(folder, path);                                        \
        return answer(CALL(-1, name, folder, path, status, flags), status); \
    }
// Before glibc 2.33 these are what programs call; the version says which structure they mean, and there is one.
#define OLD_BY_PATH(name)                                   \
    int name(int version, const char *path, void *status) { \
        is_active();                                        \
        MAP(path);                                          \
        return answer(CALL(-1, name, version, path, status), status); \
    }
#define OLD_BY_FILE(name)                                   \
    int name(int version, int file, void *status) {         \
        is_active();                                        \
        return answer(CALL(-1, name, version, file, status), status); \
    }
#define OLD_BY_FOLDER(name)                                                       \
    int name(int version, int folder, const char *path, void *status, int flags) { \
        is_active();                                                              \
        MAP_AT(folder, path);                                                     \
        return answer(CALL(-1, name, version, folder, path, status, flags), status); \
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
    int result = CALL(-1, statx, folder, path, flags, mask, status);
    if (result == 0 && the_settings.as_root) show_root(status, statx_owner_at, statx_group_at);
    return result;
}
