// Links: what they hold, and where paths lead through them.
#include "library.h"

int symlink(const char *target, const char *path) {
    is_active();
    char room[map_room(target)];
    MAP(path);
    return CALL(-1, symlink, map_target(target, room, sizeof room), path);
}

int symlinkat(const char *target, int folder, const char *path) {
    is_active();
    char room[map_room(target)];
    MAP_AT(folder, path);
    return CALL(-1, symlinkat, map_target(target, room, sizeof room), folder, path);
}

// Gives the program as much of a target as it has room for; readlink puts no NUL at the end.
static long hand_over(char *room, long length, char *target, size_t size) {
    if (length < 0) return length;
    room[length] = 0;
    const char *shown = unmapped(room);
    size_t count = strlen(shown);
    if (count > size) count = size;
    memcpy(target, shown, count);
    return (long)count;
}

// A target with its prefix may be longer than the program's buffer, so it is read into a whole path's room.
APART static long read_link(int folder, const char *path, char *target, size_t size) {
    char room[path_limit];
    if (names_own_program(path)) {
        *append(room, the_mapping.program) = 0;
        return hand_over(room, (long)strlen(room), target, size);
    }
    MAP_AT(folder, path);
    long length = folder == AT_FDCWD ? CALL(-1, readlink, path, room, sizeof room - 1)
                                     : CALL(-1, readlinkat, folder, path, room, sizeof room - 1);
    return hand_over(room, length, target, size);
}

// What is answered when there is no room is the C library's to say: glibc fails, musl looks whether there is a link.
long readlink(const char *path, char *target, unsigned long size) {
    if (!is_active() || size == 0) {
        MAP(path);
        return CALL(-1, readlink, path, target, size);
    }
    return read_link(AT_FDCWD, path, target, size);
}

long readlinkat(int folder, const char *path, char *target, unsigned long size) {
    if (!is_active() || size == 0) {
        MAP_AT(folder, path);
        return CALL(-1, readlinkat, folder, path, target, size);
    }
    return read_link(folder, path, target, size);
}

long __readlink_chk(const char *path, char *target, unsigned long size, unsigned long real_size) {
    if (size > real_size) return CALL(-1, __readlink_chk, path, target, size, real_size);
    return readlink(path, target, size);
}

long __readlinkat_chk(int folder, const char *path, char *target, unsigned long size, unsigned long real_size) {
    if (size > real_size) return CALL(-1, __readlinkat_chk, folder, path, target, size, real_size);
    return readlinkat(folder, path, target, size);
}

static char *shown(char *resolved) {
    if (resolved != NULL) unmap_in_place(resolved);
    return resolved;
}

char *realpath(const char *path, char *resolved) {
    is_active();
    MAP(path);
    return shown(CALL(NULL, realpath, path, resolved));
}

char *__realpath_chk(const char *path, char *resolved, unsigned long real_size) {
    is_active();
    MAP(path);
    return shown(CALL(NULL, __realpath_chk, path, resolved, real_size));
}

char *canonicalize_file_name(const char *path) {
    is_active();
    MAP(path);
    return shown(CALL(NULL, canonicalize_file_name, path));
}
