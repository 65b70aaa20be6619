// Modules: opening them, and what the loader tells of those that are there.
#include "library.h"

APART static void *open_mapped(const char *path, int flags) {
    MAP(path);
    return CALL(NULL, dlopen, path, flags);
}

APART static void *open_mapped_in(long space, const char *path, int flags) {
    MAP(path);
    return CALL(NULL, dlmopen, space, path, flags);
}

// A name without a slash is searched, and the caller's own folders come first: the loader knows the caller by the
// return address. So the last call is a jump, and the address on the stack is still the caller's.
static bool is_path(const char *path) { return path != NULL && *find_byte(path, '/') != 0 && map_room(path) > 1; }

void *dlopen(const char *path, int flags) {
    if (is_active() && is_path(path)) return open_mapped(path, flags);
    __typeof__(&dlopen) next = NEXT(dlopen);
    if (next == NULL) return NULL;
    return next(path, flags);
}

void *dlmopen(long space, const char *path, int flags) {
    if (is_active() && is_path(path)) return open_mapped_in(space, path, flags);
    __typeof__(&dlmopen) next = NEXT(dlmopen);
    if (next == NULL) return NULL;
    return next(space, path, flags);
}

// The path is the first member of the answer.
static int shown(int found, void *answer) {
    const char **path = answer;
    if (found != 0) *path = unmapped(*path);
    return found;
}

int dladdr(const void *address, void *answer) {
    is_active();
    return shown(CALL(0, dladdr, address, answer), answer);
}

int dladdr1(const void *address, void *answer, void **more, int flags) {
    is_active();
    return shown(CALL(0, dladdr1, address, answer, more, flags), answer);
}

int dlinfo(void *module, int request, void *answer) {
    enum { origin = 6 };
    is_active();
    int result = CALL(-1, dlinfo, module, request, answer);
    if (result == 0 && request == origin) unmap_in_place(answer);
    return result;
}

// What dl_iterate_phdr shows of a module; more members follow in some C libraries.
typedef struct {
    unsigned long base;
    const char *path;
} module_start;

typedef struct {
    int (*visit)(void *, unsigned long, void *);
    void *context;
} visitor;

static int visit_shown(void *module, unsigned long size, void *context) {
    const visitor *of = context;
    module_start *start = module;
    const char *path = unmapped(start->path);
    if (path == start->path || size < sizeof *start) return of->visit(module, size, of->context);
    // What the loader shows may be its own record, so the program gets a copy.
    long copy[size / sizeof(long) + 1];
    memcpy(copy, module, size);
    start = (module_start *)copy;
    start->path = path;
    return of->visit(copy, size, of->context);
}

int dl_iterate_phdr(int (*visit)(void *, unsigned long, void *), void *context) {
    if (!is_active()) return CALL(0, dl_iterate_phdr, visit, context);
    visitor of = {visit, context};
    return CALL(0, dl_iterate_phdr, visit_shown, &of);
}

static unsigned long value_shown(unsigned long type, unsigned long value) {
    enum { program_path = 31 };
    if (type != program_path || value == 0) return value;
    return (unsigned long)unmapped(the_mapping.program != NULL ? the_mapping.program : (const char *)value);
}

unsigned long getauxval(unsigned long type) {
    is_active();
    return value_shown(type, CALL(0, getauxval, type));
}

unsigned long __getauxval(unsigned long type) {
    is_active();
    return value_shown(type, NEXT(__getauxval) != NULL ? NEXT(__getauxval)(type) : CALL(0, getauxval, type));
}
