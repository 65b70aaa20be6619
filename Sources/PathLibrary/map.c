#include "map.h"
#include "bytes.h"
#include "kernel.h"

mapping the_mapping;

// The host's everywhere. A container's resolver files are the host's, too.
static const char *const host_folders[] = {"/proc", "/dev", "/sys", "/tmp"};
static const char *const host_files[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/hostname"};

bool is_below(const char *path, const char *folder, size_t length) {
    return begins_with(path, folder, length) && (path[length] == 0 || path[length] == '/');
}

static bool is_below_prefix(const char *path) { return is_below(path, the_mapping.prefix, the_mapping.prefix_length); }

static bool maps_anything(void) { return the_mapping.prefix_length > 0; }

// Whether a tidy absolute path is the host's.
static bool is_host(const char *path) {
    for (size_t index = 0; index < sizeof host_folders / sizeof *host_folders; index++)
        if (is_below(path, host_folders[index], strlen(host_folders[index]))) return true;
    for (size_t index = 0; index < sizeof host_files / sizeof *host_files; index++)
        if (strcmp(path, host_files[index]) == 0) return true;
    const char *folder = the_mapping.host_folders;
    while (folder != NULL && *folder != 0) {
        const char *end = find_byte(folder, ':');
        size_t length = (size_t)(end - folder);
        while (length > 1 && folder[length - 1] == '/') length--;
        if (length > 1 && is_below(path, folder, length)) return true;
        folder = *end == 0 ? end : end + 1;
    }
    return false;
}

// The number of dots when a component is "." or "..", else 0. `path` is its beginning.
static int dots(const char *path) {
    int count = 0;
    while (count < 2 && path[count] == '.') count++;
    return path[count] == 0 || path[count] == '/' ? count : 0;
}

// Whether an absolute path has neither empty components nor dots: then it may be compared as it stands.
static bool is_tidy(const char *path) {
    for (; *path != 0; path++)
        if (*path == '/' && (path[1] == '/' || dots(path + 1) > 0)) return false;
    return true;
}

// An absolute path that is being written, and how deep below the root its end is.
typedef struct {
    char *start, *next, *limit;
    size_t depth;
} writer;

static bool put(writer *out, const char *component, size_t length) {
    if ((size_t)(out->limit - out->next) < length + 2) return false;
    *out->next++ = '/';
    memcpy(out->next, component, length);
    out->next += length;
    *out->next = 0;
    return true;
}

static void drop_last(writer *out) {
    while (out->next > out->start && *--out->next != '/') {}
    *out->next = 0;
}

// Writes an absolute path without the `..` that would climb above the root; with `fold`, without any dots, as if there
// were no links. False when there is no room.
static bool write_path(writer *out, const char *path, bool fold) {
    bool slash_at_end = false;
    while (*path != 0) {
        if (*path == '/') {
            slash_at_end = true;
            path++;
            continue;
        }
        size_t length = 0;
        while (path[length] != 0 && path[length] != '/') length++;
        int up = dots(path);
        slash_at_end = up > 0;
        if (up == 2 && out->depth > 0) {
            out->depth--;
            if (fold) drop_last(out);
            else if (!put(out, path, length)) return false;
        } else if (up == 0) {
            out->depth++;
            if (!put(out, path, length)) return false;
        }
        path += length;
    }
    if (slash_at_end && out->next > out->start) return put(out, path, 0);
    return true;
}

// The prefix, then an absolute path that was tidied or clamped.
static const char *below_prefix(const char *path, char *room, size_t size, bool fold) {
    size_t length = the_mapping.prefix_length;
    if (size <= length) return NULL;
    memcpy(room, the_mapping.prefix, length);
    room[length] = 0;
    writer out = {room + length, room + length, room + size, 0};
    return write_path(&out, path, fold) ? room : NULL;
}

bool names_own_program(const char *path) {
    if (the_mapping.program == NULL || path == NULL || !begins_with(path, "/proc/", 6)) return false;
    if (strcmp(path + 6, "self/exe") == 0) return true;
    if (path[6] < '1' || path[6] > '9') return false;
    char own[40];
    append(append_number(append(own, "/proc/"), (unsigned long)kernel4(__NR_getpid, 0, 0, 0, 0)), "/exe");
    return strcmp(path, own) == 0;
}

static const char *map_absolute(const char *path, char *room, size_t size) {
    if (is_tidy(path)) {
        if (is_below_prefix(path) || is_host(path)) return names_own_program(path) ? the_mapping.program : path;
        return below_prefix(path, room, size, false);
    }
    // Decided by what the path means when no link is in it; passed on as it was said, for the kernel follows links.
    if (below_prefix(path, room, size, true) == NULL) return NULL;
    const char *tidy = room + the_mapping.prefix_length;
    if (is_below_prefix(path)) {
        if (is_below_prefix(tidy)) return path;
        return map_absolute(path[the_mapping.prefix_length] == 0 ? "/" : path + the_mapping.prefix_length, room, size);
    }
    if (is_below_prefix(tidy) || is_host(tidy)) return is_host(path) ? path : tidy;
    // It began in a folder of the host's and climbed out: the way there is not the image's.
    if (is_host(path)) return room;
    return below_prefix(path, room, size, false);
}

size_t folder_path(int folder, char *path, size_t size) {
    if (folder == AT_FDCWD) {
        long length = kernel_folder(path, size);
        return length > 1 && path[0] == '/' ? strlen(path) : 0;
    }
    if (folder < 0) return 0;
    char name[40];
    append_number(append(name, "/proc/self/fd/"), (unsigned long)folder);
    long length = kernel_read_link(name, path, size);
    if (length <= 0 || (size_t)length >= size || path[0] != '/') return 0;
    path[length] = 0;
    return (size_t)length;
}

// Skips the leading dots of a relative path; answers how many levels they climb.
static size_t climb(const char **path) {
    size_t levels = 0;
    for (;;) {
        while (**path == '/') ++*path;
        int count = dots(*path);
        if (count == 0) return levels;
        levels += count == 2;
        *path += count;
    }
}

// How many levels a path climbs above where it begins, as if there were no links.
static size_t levels_above(const char *path) {
    size_t depth = 0, above = 0;
    while (*path != 0) {
        if (*path == '/') {
            path++;
            continue;
        }
        int up = dots(path);
        if (up == 0) depth++;
        else if (up == 2 && depth > 0) depth--;
        else above += up == 2;
        while (*path != 0 && *path != '/') path++;
    }
    return above;
}

// How many components a folder's path has, which is tidy and ends at `end`.
static size_t depth_of(const char *path, const char *end) {
    size_t depth = 0;
    for (; path < end; path++) depth += *path == '/';
    return depth;
}

// A relative path that may lead out of the image's tree, or into a folder of the host's: where it leads from the root
// decides. Not inlined: its room is a whole path's.
__attribute__((noinline)) static const char *map_relative(int folder, const char *path, char *room, size_t size) {
    const char *rest = path;
    size_t levels = climb(&rest), levels_later = levels_above(rest);
    char here[2 * path_limit];
    size_t length = folder_path(folder, here, path_limit);
    if (length == 0) return path;
    bool inside = is_below_prefix(here);
    // Below a folder of the host's there is nothing of the image's to be led out of.
    if (!inside && levels + levels_later == 0) return path;
    char *image = inside ? here + the_mapping.prefix_length : here;
    char *end = here + length;
    if (end == image + 1 && *image == '/') *(end = image) = 0;
    bool above = false;
    for (; levels > 0; levels--) {
        above = above || end == image;
        while (end > image && *--end != '/') {}
    }
    above = above || levels_later > depth_of(image, end);
    size_t rest_length = strlen(rest);
    if (rest_length + 2 > (size_t)(here + sizeof here - end)) return path;
    *end++ = '/';
    memcpy(end, rest, rest_length + 1);
    const char *mapped = map_absolute(image, room, size);
    if (mapped == NULL) return path;
    // What the kernel finds by itself may stay: a folder of the image, or of the host, that is where the path says.
    if (inside && !above && is_below_prefix(mapped)) return path;
    if (!inside && mapped == image) return path;
    if (mapped != room) {
        size_t count = strlen(mapped) + 1;
        if (count > size) return path;
        memmove(room, mapped, count);
    }
    return room;
}

// Whether the first component of a relative path is one of an absolute path's.
static bool begins_with_one_of(const char *path, const char *folder, const char *end) {
    while (folder < end) {
        const char *name = ++folder;
        while (folder < end && *folder != '/') folder++;
        size_t length = (size_t)(folder - name);
        if (length > 0 && is_below(path, name, length)) return true;
    }
    return false;
}

// Whether a relative path may lead into a folder of the host's: from the image's root, `tmp/x` does.
static bool may_enter_host(const char *path) {
    for (size_t index = 0; index < sizeof host_folders / sizeof *host_folders; index++)
        if (begins_with_one_of(path, host_folders[index], host_folders[index] + strlen(host_folders[index]))) return true;
    for (size_t index = 0; index < sizeof host_files / sizeof *host_files; index++)
        if (begins_with_one_of(path, host_files[index], host_files[index] + strlen(host_files[index]))) return true;
    const char *folder = the_mapping.host_folders;
    while (folder != NULL && *folder != 0) {
        const char *end = find_byte(folder, ':');
        if (begins_with_one_of(path, folder, end)) return true;
        folder = *end == 0 ? end : end + 1;
    }
    return false;
}

// Whether a relative path is to be looked at from the root; all others stay as they are.
static bool may_leave(const char *path) {
    while (path[0] == '.' && path[1] == '/') {
        path += 2;
        while (*path == '/') path++;
    }
    return levels_above(path) > 0 || may_enter_host(path);
}

size_t map_room(const char *path) {
    if (path == NULL || !maps_anything()) return 1;
    if (path[0] != '/') return may_leave(path) ? the_mapping.prefix_length + 2 * path_limit : 1;
    size_t length = strlen(path);
    // The kernel refuses what is longer; so it may be passed on as it is.
    return length >= path_limit ? 1 : the_mapping.prefix_length + length + 2;
}

const char *map(int folder, const char *path, char *room, size_t size) {
    if (path == NULL) return path;
    if (size <= 1) {
        if (__builtin_expect(the_mapping.missed != NULL, 0)) note_missed(folder, path);
        return path;
    }
    const char *mapped = path[0] == '/' ? map_absolute(path, room, size) : map_relative(folder, path, room, size);
    if (mapped == NULL) return path;
    if (__builtin_expect(the_mapping.missed != NULL, 0)) note_missed(folder, mapped);
    return mapped;
}

const char *map_target(const char *target, char *room, size_t size) {
    // A relative target is counted from the link's folder, not from here.
    if (target == NULL || target[0] != '/') return target;
    const char *mapped = map(AT_FDCWD, target, room, size);
    if (mapped != room || is_host(target) || levels_above(target) > 0) return mapped;
    memcpy(room + the_mapping.prefix_length, target, strlen(target) + 1);
    return room;
}

const char *unmapped(const char *path) {
    if (path == NULL || !maps_anything() || !is_below_prefix(path)) return path;
    return path[the_mapping.prefix_length] == 0 ? "/" : path + the_mapping.prefix_length;
}

size_t unmap_in_place(char *path) {
    const char *tail = unmapped(path);
    size_t length = strlen(tail);
    if (tail != path) memmove(path, tail, length + 1);
    return length;
}

size_t map_list_room(const char *list, const char *separators) {
    size_t count = 1;
    for (const char *next = list; *next != 0; next++) count += *find_byte(separators, *next) != 0;
    return strlen(list) + count * (the_mapping.prefix_length + 2);
}

char *map_list(const char *list, const char *separators, char *to, size_t size) {
    char *limit = to + size;
    for (;;) {
        size_t length = 0;
        while (list[length] != 0 && *find_byte(separators, list[length]) == 0) length++;
        char element[length + 1];
        memcpy(element, list, length);
        element[length] = 0;
        const char *path = element;
        if (*path == '/') {
            MAP(path);
            // The mapped path lives only in this block.
            if (strlen(path) + 2 > (size_t)(limit - to)) return NULL;
            to = append(to, path);
        } else {
            if (length + 2 > (size_t)(limit - to)) return NULL;
            to = append(to, path);
        }
        if (list[length] == 0) return to;
        *to++ = list[length];
        *to = 0;
        list += length + 1;
    }
}
