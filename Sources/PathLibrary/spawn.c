// posix_spawn: what is to be started is found out in the parent, then the C library starts it.
#include "exec.h"

// Neither glibc nor musl gives a text to the shell when it spawns by name.
#define SPAWN(name, name_in_path)                                                                             \
    static int name##_now(launch *how, const char *path, char *const arguments[], char *const environment[]) { \
        int error = ETXTBSY;                                                                                  \
        for (int tries = 0; tries < busy_tries && error == ETXTBSY; tries++) {                                \
            if (tries > 0) kernel_yield();                                                                    \
            error = CALL(ENOSYS, name, how->process, path, how->actions, how->attributes, arguments, environment); \
        }                                                                                                     \
        return error;                                                                                         \
    }                                                                                                         \
    int name(                                                                                                 \
        int *process, const char *path, const void *actions, const void *attributes, char *const arguments[], \
        char *const environment[]) {                                                                          \
        launch how = {name##_now, environment, process, actions, attributes};                                 \
        return is_active() ? start_program(&how, path, arguments) : name##_now(&how, path, arguments, environment); \
    }                                                                                                         \
    int name_in_path(                                                                                         \
        int *process, const char *file, const void *actions, const void *attributes, char *const arguments[], \
        char *const environment[]) {                                                                          \
        launch how = {name##_now, environment, process, actions, attributes};                                 \
        return is_active()                                                                                    \
                   ? search_program(&how, file, arguments, false)                                             \
                   : CALL(ENOSYS, name_in_path, process, file, actions, attributes, arguments, environment);  \
    }
SPAWN(posix_spawn, posix_spawnp)
SPAWN(pidfd_spawn, pidfd_spawnp)

// Before 2.20 glibc kept the pointer instead of a copy. The copy made for it then is never freed: nobody says when.
static bool keeps_pointer(void) {
    __typeof__(&gnu_get_libc_version) version = NEXT(gnu_get_libc_version);
    if (version == NULL || !begins_with(version(), "2.1", 3)) return false;
    char next = version()[3];
    return next >= '0' && next <= '9';
}

static const char *lasting(const char *path, const char *original) {
    if (path == original || !keeps_pointer()) return path;
    char *copy = malloc(strlen(path) + 1);
    return copy == NULL ? NULL : memcpy(copy, path, strlen(path) + 1);
}

int posix_spawn_file_actions_addopen(void *actions, int file, const char *path, int flags, unsigned mode) {
    is_active();
    const char *original = path;
    MAP(path);
    if ((path = lasting(path, original)) == NULL) return ENOMEM;
    __typeof__(&posix_spawn_file_actions_addopen) next = NEXT(posix_spawn_file_actions_addopen);
    return next == NULL ? ENOSYS : next(actions, file, path, flags, mode);
}

// A relative folder is counted from where the child is then, so it is left alone.
#define ADD_CHDIR(name)                               \
    int name(void *actions, const char *path) {       \
        is_active();                                  \
        if (path != NULL && *path != '/')             \
            return CALL(ENOSYS, name, actions, path); \
        MAP(path);                                    \
        return CALL(ENOSYS, name, actions, path);     \
    }
ADD_CHDIR(posix_spawn_file_actions_addchdir_np)
ADD_CHDIR(posix_spawn_file_actions_addchdir)
