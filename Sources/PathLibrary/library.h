#pragma once
// What all wrappers share.
#include "bytes.h"
#include "kernel.h"
#include "map.h"
#include <asm/errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

#define PATH(result, failed, name, parameters, arguments, path) EXPORT result name parameters;
#define PATH_AT(result, failed, name, parameters, arguments, folder, path) EXPORT result name parameters;
#define PATHS(result, failed, name, parameters, arguments, from, to) EXPORT result name parameters;
#define PATHS_AT(result, failed, name, parameters, arguments, a, from, b, to) EXPORT result name parameters;
#define OWN(result, name, parameters) EXPORT result name parameters;
#define NEXT_ONLY(result, name, parameters) result name parameters;
#include "functions.def"
#undef PATH
#undef PATH_AT
#undef PATHS
#undef PATHS_AT
#undef OWN
#undef NEXT_ONLY

#define PATH(result, failed, name, parameters, arguments, path) next_##name,
#define PATH_AT(result, failed, name, parameters, arguments, folder, path) next_##name,
#define PATHS(result, failed, name, parameters, arguments, from, to) next_##name,
#define PATHS_AT(result, failed, name, parameters, arguments, a, from, b, to) next_##name,
#define OWN(result, name, parameters) next_##name,
#define NEXT_ONLY(result, name, parameters) next_##name,
enum {
#include "functions.def"
    next_count
};
#undef PATH
#undef PATH_AT
#undef PATHS
#undef PATHS_AT
#undef OWN
#undef NEXT_ONLY

// The C library's own functions, by their place in the table.
extern void *next_functions[next_count];
void find_next_functions(void);
// Looks again: what was absent at the start may have come with a module since. NULL when it has not.
void *find_late(int index);

static inline void *next_function(int index) {
    void *found = __atomic_load_n(&next_functions[index], __ATOMIC_RELAXED);
    return __builtin_expect(found != NULL, 1) ? found : find_late(index);
}

// The C library's function of that name, or NULL.
#define NEXT(name) ((__typeof__(&name))next_function(next_##name))

// What the variables said, and what further programs are given; settings.c.
enum { settings_limit = 12, kept_limit = 8 };
typedef struct {
    bool active, as_root, loader_names, is_musl;
    const char *library, *folders, *loader;
    // What the program's argv[0] is to be, when its loader could not be told; else NULL.
    const char *name;
    // "NAME=value" of the variables that are handed on unchanged.
    const char *handed_on[settings_limit];
    // "NAME=value" of what the C library reads; and the names alone, each with its '='.
    const char *kept[kept_limit];
    const char *kept_names[kept_limit];
} settings;

extern settings the_settings;
extern int the_state;
enum { state_new, state_starting, state_ready };

void start_library(void);

// Every wrapper begins with it: a constructor of another module may run before ours.
static inline bool is_active(void) {
    if (__builtin_expect(__atomic_load_n(&the_state, __ATOMIC_ACQUIRE) != state_ready, 0)) start_library();
    return the_settings.active;
}

// The program's own, found by the loader like any reference.
extern char **environ __attribute__((weak));
extern void *malloc(size_t size) __attribute__((weak));
extern void free(void *memory) __attribute__((weak));

// The value of a variable of the environment, or NULL.
const char *variable(const char *name);

static inline int *error_number(void) {
    static int nowhere;
    __typeof__(&__errno_location) where = NEXT(__errno_location);
    return where == NULL ? &nowhere : where();
}
static inline long fail(int error) {
    *error_number() = error;
    return -1;
}

// Calls the C library's function, or fails with ENOSYS when it has none.
#define CALL(failed, name, ...)                                  \
    ({                                                           \
        __typeof__(&name) next_ = NEXT(name);                    \
        next_ != NULL ? next_(__VA_ARGS__) : (fail(ENOSYS), failed); \
    })

// After an open that failed: whether the file was one whose bytes were still to come, and has them now; open.c.
bool waits_for_bytes(int folder, const char *path, int flags, int error);
