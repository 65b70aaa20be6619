// The environment between processes, as docs/relocation.md has it: read once, remembered, and taken out, so that the
// program sees what it would see with its image as root.
#include "library.h"

settings the_settings;
int the_state;

enum { store_size = 1 << 16, prefix_limit = 256 };
static char store[store_size];
static size_t stored;

// Handed on as they are; the prefix is the first.
static const char *const lasting[] = {
    "SCAR_PATH_ROOT=", "SCAR_PATH_LIBRARY=",      "SCAR_PATH_FOLDERS=", "SCAR_PATH_LOADER=", "SCAR_PATH_LOADER_NAMES=",
    "SCAR_PATH_HOST=", "SCAR_PATH_AS_ROOT=", "SCAR_PATH_KEEP=",    "SCAR_PATH_MISSED=",
};
enum { root, library, folders, loader, loader_names, host, as_root, keep, missed, lasting_count };
_Static_assert(sizeof lasting / sizeof *lasting == lasting_count, "every variable has its number");
_Static_assert((int)lasting_count <= (int)settings_limit, "all are handed on");

static const char *find_entry(const char *name) {
    size_t length = strlen(name);
    for (char **entry = environ; *entry != NULL; entry++)
        if (begins_with(*entry, name, length)) return *entry;
    return NULL;
}

// The value of "NAME=" in the environment as it was given to this process.
static const char *given(const char *name) {
    const char *entry = find_entry(name);
    return entry == NULL ? NULL : entry + strlen(name);
}

const char *variable(const char *name) {
    size_t length = strlen(name);
    if (&environ == NULL || environ == NULL) return NULL;
    for (char **entry = environ; *entry != NULL; entry++)
        if (begins_with(*entry, name, length) && (*entry)[length] == '=') return *entry + length + 1;
    return NULL;
}

// Copies to where nothing changes it any more: a program may write over its environment. NULL when there is no room.
static char *remember(const char *start, const char *rest) {
    size_t first = strlen(start), second = strlen(rest) + 1;
    if (first + second > store_size - stored) return NULL;
    char *copy = store + stored;
    memcpy(copy, start, first);
    memcpy(copy + first, rest, second);
    stored += first + second;
    return copy;
}

static void complain(const char *problem) {
    char line[200];
    char *end = append(append(append(line, "scar-path: "), problem), "; paths are not mapped\n");
    kernel4(__NR_write, 2, (long)line, end - line, 0);
}

// The names in SCAR_PATH_KEEP, and the entries of the environment that have them.
static bool read_kept(const char *names) {
    for (size_t index = 0; index < kept_limit && *names != 0; index++) {
        const char *end = find_byte(names, ':');
        char name[64];
        size_t length = (size_t)(end - names);
        if (length == 0 || length + 2 > sizeof name) return false;
        memcpy(name, names, length);
        name[length] = '=';
        name[length + 1] = 0;
        const char *value = given(name);
        the_settings.kept_names[index] = remember(name, "");
        if (the_settings.kept_names[index] == NULL) return false;
        if (value != NULL && (the_settings.kept[index] = remember(name, value)) == NULL) return false;
        names = *end == 0 ? end : end + 1;
        if (*names != 0 && index + 1 == kept_limit) return false;
    }
    return true;
}

static bool read_lasting(const char *values[]) {
    for (int index = 0; index < lasting_count; index++) {
        const char *value = given(lasting[index]);
        if (value == NULL) continue;
        char *copy = remember(lasting[index], value);
        if (copy == NULL) return false;
        the_settings.handed_on[index] = copy;
        values[index] = copy + strlen(lasting[index]);
    }
    return true;
}

// An entry of the environment as the program is to see it; NULL when it is not to see it at all.
static char *restored(char *entry, char *own_library_path, char *own_preload) {
    if (begins_with(entry, "SCAR_PATH_", 10)) return NULL;
    if (begins_with(entry, "LD_LIBRARY_PATH=", 16)) return own_library_path;
    if (begins_with(entry, "LD_PRELOAD=", 11)) return own_preload;
    // A shell believes what it is told of where it is, when that is where it is.
    if (!begins_with(entry, "PWD=", 4) || unmapped(entry + 4) == entry + 4) return entry;
    char *folder = remember("PWD=", unmapped(entry + 4));
    return folder != NULL ? folder : entry;
}

static void clean_environment(char *own_library_path, char *own_preload) {
    char **to = environ;
    for (char **from = environ; *from != NULL; from++) {
        char *entry = restored(*from, own_library_path, own_preload);
        if (entry != NULL) *to++ = entry;
    }
    *to = NULL;
}

static bool take_over(void) {
    const char *values[lasting_count] = {NULL};
    if (!read_lasting(values)) return complain("the SCAR_PATH_ variables are too long"), false;
    const char *prefix = values[root];
    size_t length = strlen(prefix);
    while (length > 0 && prefix[length - 1] == '/') length--;
    if (prefix[0] != '/' || length == 0 || length > prefix_limit)
        return complain("SCAR_PATH_ROOT is not an absolute path of at most 256 bytes"), false;
    if (values[library] == NULL) return complain("SCAR_PATH_LIBRARY is missing"), false;
    if (values[keep] != NULL && !read_kept(values[keep]))
        return complain("SCAR_PATH_KEEP has more than eight names, or a name of more than 62 bytes"), false;
    const char *own_path = given("SCAR_PATH_OWN_LIBRARY_PATH="), *own_preload = given("SCAR_PATH_OWN_PRELOAD=");
    const char *program = given("SCAR_PATH_PROGRAM="), *name = given("SCAR_PATH_NAME=");
    char *path_entry = NULL, *preload_entry = NULL, *program_copy = NULL;
    if (program != NULL && strlen(program) >= path_limit) program = NULL;
    if ((own_path != NULL && (path_entry = remember("LD_LIBRARY_PATH=", own_path)) == NULL) ||
        (own_preload != NULL && (preload_entry = remember("LD_PRELOAD=", own_preload)) == NULL) ||
        (program != NULL && (program_copy = remember("", program)) == NULL) ||
        (name != NULL && (the_settings.name = remember("", name)) == NULL))
        return complain("the program's LD_LIBRARY_PATH and LD_PRELOAD are too long"), false;

    the_settings.library = values[library];
    the_settings.folders = values[folders] != NULL ? values[folders] : "";
    the_settings.loader = values[loader];
    the_settings.loader_names = values[loader_names] != NULL && strcmp(values[loader_names], "1") == 0;
    the_settings.as_root = values[as_root] != NULL && strcmp(values[as_root], "1") == 0;
    the_settings.is_musl = NEXT(gnu_get_libc_version) == NULL;
    ((char *)prefix)[length] = 0;
    the_mapping = (mapping){prefix, length, values[host], program_copy, values[missed]};
    clean_environment(path_entry, preload_entry);
    return true;
}

void start_library(void) {
    int expected = state_new;
    if (!__atomic_compare_exchange_n(&the_state, &expected, state_starting, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&the_state, __ATOMIC_ACQUIRE) == state_starting) kernel_yield();
        return;
    }
    find_next_functions();
    // Before the C library itself has begun there is no environment yet: the next call tries again.
    bool known = &environ != NULL && environ != NULL;
    if (known && given("SCAR_PATH_ROOT=") != NULL) the_settings.active = take_over();
    __atomic_store_n(&the_state, known ? state_ready : state_new, __ATOMIC_RELEASE);
}

// glibc tells constructors the arguments, musl does not; but musl's loader could always be told the name.
__attribute__((constructor)) static void start(int count, char **arguments) {
    if (is_active() && the_settings.name != NULL && !the_settings.is_musl && count > 0)
        arguments[0] = (char *)the_settings.name;
}
