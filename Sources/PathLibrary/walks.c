// Walks and patterns: the C library goes through the mapped tree, and the program is told paths without the prefix.
#include "library.h"

// The program's function while a walk runs. It has no parameter for a context, so the context is the thread's; a walk
// within a walk puts its own in front. Initial-exec, which the loader grants to what it loads at the start, needs no
// function of the loader's.
#define OF_THREAD static __thread __attribute__((tls_model("initial-exec")))

typedef int file_visit(const char *, const void *, int);
typedef int tree_visit(const char *, const void *, int, void *);
typedef int glob_failed(const char *, int);
OF_THREAD file_visit *visit_file;
OF_THREAD tree_visit *visit_tree;
OF_THREAD glob_failed *tell_failed;

static int visit_file_shown(const char *path, const void *status, int kind) {
    file_visit *visit = visit_file;
    int result = visit(unmapped(path), status, kind);
    visit_file = visit;
    return result;
}

static int visit_tree_shown(const char *path, const void *status, int kind, void *place) {
    // The first member says where the last name begins.
    int *base = place, real_base = *base;
    const char *shown = unmapped(path);
    if (shown >= path && shown <= path + real_base) *base -= (int)(shown - path);
    else *base = 0;
    tree_visit *visit = visit_tree;
    int result = visit(shown, status, kind, place);
    visit_tree = visit;
    *base = real_base;
    return result;
}

#define WALK_FILES(name)                                                  \
    int name(const char *path, file_visit *visit, int files) {            \
        is_active();                                                      \
        const char *said = path;                                          \
        MAP(path);                                                        \
        if (path == said) return CALL(-1, name, path, visit, files);      \
        file_visit *outer = visit_file;                                   \
        visit_file = visit;                                               \
        int result = CALL(-1, name, path, visit_file_shown, files);       \
        visit_file = outer;                                               \
        return result;                                                    \
    }
#define WALK_TREE(name)                                                         \
    int name(const char *path, tree_visit *visit, int files, int flags) {       \
        is_active();                                                            \
        const char *said = path;                                                \
        MAP(path);                                                              \
        if (path == said) return CALL(-1, name, path, visit, files, flags);     \
        tree_visit *outer = visit_tree;                                         \
        visit_tree = visit;                                                     \
        int result = CALL(-1, name, path, visit_tree_shown, files, flags);      \
        visit_tree = outer;                                                     \
        return result;                                                          \
    }
WALK_FILES(ftw)
WALK_FILES(ftw64)
WALK_TREE(nftw)
WALK_TREE(nftw64)

// glob: glibc and musl agree on what is used here.
typedef struct {
    size_t count;
    char **paths;
    size_t reserved;
} found_paths;
enum { reserves = 0x8, appends = 0x20, own_functions = 0x200, tilde = 0x1000, tilde_check = 0x4000 };

typedef int glob_function(const char *, int, glob_failed *, void *);

static int tell_failed_shown(const char *path, int error) { return tell_failed(unmapped(path), error); }

static int find_mapped(glob_function *next, const char *pattern, int flags, glob_failed *failed, void *found) {
    found_paths *all = found;
    size_t reserved = flags & reserves ? all->reserved : 0, before = flags & appends ? all->count : 0;
    MAP(pattern);
    glob_failed *outer = tell_failed;
    tell_failed = failed;
    int result = next(pattern, flags, failed == NULL ? NULL : tell_failed_shown, found);
    tell_failed = outer;
    if (result != 0) return result;
    for (size_t index = before; index < all->count; index++) unmap_in_place(all->paths[reserved + index]);
    return 0;
}

// The home folder of whom a pattern's "~" or "~name" means, as the image has it; NULL for nobody.
static const char *home_of(const char *name, size_t length) {
    // The folder is a user record's sixth member.
    enum { home_at = 32 };
    if (length == 0 && variable("HOME") != NULL) return variable("HOME");
    char text[256];
    if (length >= sizeof text) return NULL;
    memcpy(text, name, length);
    text[length] = 0;
    char *user = length == 0 ? getpwuid(getuid()) : getpwnam(text);
    if (user == NULL) return NULL;
    return *(char **)(user + home_at);
}

static int find_paths(glob_function *next, const char *pattern, int flags, glob_failed *failed, void *found) {
    if (next == NULL) return (int)fail(ENOSYS);
    if (!is_active() || pattern == NULL) return next(pattern, flags, failed, found);
    // A program that brings functions of its own reads folders through them, and they map.
    if (flags & own_functions && !the_settings.is_musl) return next(pattern, flags, failed, found);
    if (*pattern != '~' || !(flags & (tilde | tilde_check))) return find_mapped(next, pattern, flags, failed, found);
    const char *rest = find_byte(pattern, '/');
    const char *home = home_of(pattern + 1, (size_t)(rest - pattern - 1));
    if (home == NULL) return next(pattern, flags, failed, found);
    char whole[strlen(home) + strlen(rest) + 1];
    append(append(whole, home), rest);
    return find_mapped(next, whole, flags & ~(tilde | tilde_check), failed, found);
}

int glob(const char *pattern, int flags, glob_failed *failed, void *found) {
    return find_paths(NEXT(glob), pattern, flags, failed, found);
}

int glob64(const char *pattern, int flags, glob_failed *failed, void *found) {
    return find_paths(NEXT(glob64), pattern, flags, failed, found);
}

// The mapped paths, in memory of their own: a program may name more than the stack has room for.
static const char **map_all(char *const *paths, size_t *size) {
    size_t count = 0, room = 0;
    for (; paths[count] != NULL; count++) room += map_room(paths[count]);
    *size = (count + 1) * sizeof *paths + room;
    const char **mapped = kernel_memory(*size);
    if (mapped == NULL) return NULL;
    char *next = (char *)(mapped + count + 1);
    for (size_t index = 0; index < count; index++) {
        size_t each = map_room(paths[index]);
        const char *path = mapped[index] = map(AT_FDCWD, paths[index], next, each);
        // What it took of its room, which is far more than most paths need.
        if (path >= next && path < next + each) next = (char *)path + strlen(path) + 1;
    }
    mapped[count] = NULL;
    return mapped;
}

// fts reads the tree itself, so its results keep the prefix; docs/path-library.md lists that among the limits.
#define OPEN_TREE(name)                                                                             \
    void *name(char *const *paths, int options, int (*compare)(const void **, const void **)) {     \
        if (!is_active() || paths == NULL) return CALL(NULL, name, paths, options, compare);        \
        size_t size;                                                                                \
        const char **mapped = map_all(paths, &size);                                                \
        if (mapped == NULL) return fail(ENOMEM), NULL;                                              \
        void *walk = CALL(NULL, name, (char *const *)mapped, options, compare);                     \
        kernel_give_back(mapped, size);                                                             \
        return walk;                                                                                \
    }
OPEN_TREE(fts_open)
OPEN_TREE(fts64_open)
