// Where the program is.
#include "library.h"

// The working directory as the program means it, in a whole path's room; its length, or 0 with errno set.
static size_t here(char *room) {
    if (CALL(NULL, getcwd, room, path_limit) == NULL) return 0;
    return unmap_in_place(room);
}

APART static char *folder(char *path, size_t size) {
    char room[path_limit];
    size_t length = here(room);
    if (length == 0) {
        // Deeper than a whole path, maybe: glibc finds the way up by itself.
        if ((path = CALL(NULL, getcwd, path, size)) != NULL) unmap_in_place(path);
        return path;
    }
    if (path == NULL) {
        // musl takes no size with a NULL.
        if (size == 0 || the_settings.is_musl) size = length + 1;
    } else if (size == 0) {
        return fail(EINVAL), NULL;
    }
    if (size <= length) return fail(ERANGE), NULL;
    // The program frees it, so it comes from the program's own malloc.
    if (path == NULL && (path = malloc(size)) == NULL) return NULL;
    return memcpy(path, room, length + 1);
}

char *getcwd(char *path, unsigned long size) {
    if (!is_active()) return CALL(NULL, getcwd, path, size);
    return folder(path, size);
}

char *__getcwd_chk(char *path, unsigned long size, unsigned long real_size) {
    // The C library's own ends the program when the buffer is smaller than was said.
    if (!is_active() || size > real_size) return CALL(NULL, __getcwd_chk, path, size, real_size);
    return folder(path, size);
}

char *getwd(char *path) {
    if (!is_active()) return CALL(NULL, getwd, path);
    return folder(path, path_limit);
}

char *__getwd_chk(char *path, unsigned long real_size) {
    if (!is_active()) return CALL(NULL, __getwd_chk, path, real_size);
    char room[path_limit];
    size_t length = here(room);
    if (length >= real_size) return CALL(NULL, __getwd_chk, path, real_size);
    return length == 0 ? NULL : memcpy(path, room, length + 1);
}

// Device and number of a file come first in struct stat on both machines.
typedef struct {
    unsigned long device, number, rest[30];
} identity;

static bool is_same_folder(const char *one, const char *other) {
    identity a, b;
    MAP(one);
#ifdef __x86_64__
    enum { get_status = __NR_newfstatat };
#else
    enum { get_status = __NR3264_fstatat };
#endif
    return kernel4(get_status, AT_FDCWD, (long)one, (long)&a, 0) == 0 &&
           kernel4(get_status, AT_FDCWD, (long)other, (long)&b, 0) == 0 && a.device == b.device && a.number == b.number;
}

char *get_current_dir_name(void) {
    if (!is_active()) return CALL(NULL, get_current_dir_name);
    const char *said = variable("PWD");
    if (said == NULL || said[0] != '/' || !is_same_folder(said, ".")) return folder(NULL, 0);
    char *copy = malloc(strlen(said) + 1);
    return copy == NULL ? NULL : memcpy(copy, said, strlen(said) + 1);
}
