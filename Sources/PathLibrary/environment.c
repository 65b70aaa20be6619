// The environment that a new program is given: what its parent said, and what the path library needs there.
#include "exec.h"

enum { added_limit = settings_limit + kept_limit + 7 };

// What stands between the paths of each variable. ld.so(8) has the semicolon, too.
static const char in_library_path[] = ":;", in_preload[] = ": ", in_kept[] = ":";

// The value when an entry of the environment has this name, with its '='; else NULL.
static const char *value_of(const char *entry, const char *name) {
    size_t length = strlen(name);
    return begins_with(entry, name, length) ? entry + length : NULL;
}

static const char *find_value(char *const environment[], const char *name) {
    for (; environment != NULL && *environment != NULL; environment++) {
        const char *value = value_of(*environment, name);
        if (value != NULL) return value;
    }
    return NULL;
}

// Which of the variables that the C library reads this is; -1 for none of them.
static int kept_index(const char *entry) {
    for (int index = 0; index < kept_limit && the_settings.kept_names[index] != NULL; index++)
        if (value_of(entry, the_settings.kept_names[index]) != NULL) return index;
    return -1;
}

static bool is_ours(const char *entry) {
    return value_of(entry, "SCAR_PATH_") != NULL || value_of(entry, "LD_PRELOAD=") != NULL ||
           value_of(entry, "LD_LIBRARY_PATH=") != NULL;
}

// Text that is written entry by entry; each entry ends with a NUL.
typedef struct {
    char **list;
    size_t count;
    char *next, *limit;
    // Whether something did not fit: then there is no environment to start a program with.
    bool is_full;
} builder;

static void add(builder *to, const char *entry) { to->list[to->count++] = (char *)entry; }

static void put(builder *to, const char *text) {
    if (strlen(text) < (size_t)(to->limit - to->next)) to->next = append(to->next, text);
    else to->is_full = true;
}

static void put_mapped(builder *to, const char *list, const char *separators) {
    char *mapped = map_list(list, separators, to->next, (size_t)(to->limit - to->next));
    if (mapped != NULL) to->next = mapped;
    else to->is_full = true;
}

static void begin(builder *to, const char *name) {
    add(to, to->next);
    put(to, name);
}

static void end(builder *to) {
    if (to->next < to->limit) *to->next++ = 0;
    else to->is_full = true;
}

static void add_own(builder *to, const char *name, const char *value) {
    if (value == NULL) return;
    begin(to, name);
    put(to, value);
    end(to);
}

static void add_loaders(builder *to, const char *path, const char *preload) {
    begin(to, "LD_PRELOAD=");
    put(to, the_settings.library);
    if (preload != NULL && *preload != 0) {
        put(to, ":");
        put_mapped(to, preload, in_preload);
    }
    end(to);
    bool has_own = path != NULL && *path != 0;
    if (has_own || the_settings.folders[0] != 0) {
        begin(to, "LD_LIBRARY_PATH=");
        if (has_own) put_mapped(to, path, in_library_path);
        if (has_own && the_settings.folders[0] != 0) put(to, ":");
        put(to, the_settings.folders);
        end(to);
    }
    add_own(to, "SCAR_PATH_OWN_LIBRARY_PATH=", path);
    add_own(to, "SCAR_PATH_OWN_PRELOAD=", preload);
}

static void add_said(builder *to, char *const said[], bool has_kept[]) {
    for (; said != NULL && *said != NULL; said++) {
        if (is_ours(*said)) continue;
        int index = kept_index(*said);
        if (index < 0) {
            add(to, *said);
            continue;
        }
        has_kept[index] = true;
        const char *name = the_settings.kept_names[index];
        begin(to, name);
        put_mapped(to, *said + strlen(name), in_kept);
        end(to);
    }
}

static size_t room_for(
    char *const said[], const char *path, const char *preload, const char *program, const char *name) {
    size_t room = 512 + strlen(the_settings.library) + strlen(the_settings.folders);
    if (path != NULL) room += strlen(path) + map_list_room(path, in_library_path);
    if (preload != NULL) room += strlen(preload) + map_list_room(preload, in_preload);
    if (program != NULL) room += strlen(program);
    if (name != NULL) room += strlen(name);
    for (; said != NULL && *said != NULL; said++)
        if (kept_index(*said) >= 0) room += map_list_room(*said, in_kept) + 1;
    return room;
}

int finish_with_environment(
    launch *how, const char *path, char *const arguments[], const char *program, const char *name) {
    char *const *said = how->environment;
    const char *own_path = find_value(said, "LD_LIBRARY_PATH="), *own_preload = find_value(said, "LD_PRELOAD=");
    char *list[count_entries(said) + added_limit];
    size_t size = room_for(said, own_path, own_preload, program, name);
    char text[size];
    builder to = {list, 0, text, text + size, false};
    bool has_kept[kept_limit] = {false};
    add_said(&to, said, has_kept);
    add_loaders(&to, own_path, own_preload);
    add_own(&to, "SCAR_PATH_PROGRAM=", program);
    add_own(&to, "SCAR_PATH_NAME=", name);
    for (int index = 0; index < settings_limit; index++)
        if (the_settings.handed_on[index] != NULL) add(&to, the_settings.handed_on[index]);
    for (int index = 0; index < kept_limit; index++)
        if (the_settings.kept[index] != NULL && !has_kept[index]) add(&to, the_settings.kept[index]);
    if (to.is_full) return E2BIG;
    list[to.count] = NULL;
    return how->finish(how, path, arguments, list);
}
