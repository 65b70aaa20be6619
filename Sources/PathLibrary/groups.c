// Groups, from the image's /etc/group.
#include "records.h"

typedef struct {
    char *name, *password;
    unsigned group;
    char **members;
} group_record;

// The members' list goes behind the line, where pointers may lie.
static char **fill_members(char *text, char *limit, bool *too_small) {
    size_t count = 1;
    for (const char *next = text; *next != 0; next++) count += *next == ',';
    uintptr_t after = ((uintptr_t)text + strlen(text) + sizeof(char *)) / sizeof(char *) * sizeof(char *);
    char **members = (char **)after;
    if (after + (count + 1) * sizeof *members > (uintptr_t)limit) {
        *too_small = true;
        return NULL;
    }
    size_t found = 0;
    while (*text != 0) {
        char *end = (char *)find_byte(text, ',');
        bool is_last = *end == 0;
        *end = 0;
        if (*text != 0) members[found++] = text;
        if (is_last) break;
        text = end + 1;
    }
    members[found] = NULL;
    return members;
}

static bool fill_group(char *line, char *limit, void *record, bool *too_small) {
    group_record *group = record;
    unsigned long number;
    group->name = take_field(&line);
    group->password = take_field(&line);
    if (!read_number(take_field(&line), &number) || line == NULL || group->name[0] == 0) return false;
    group->group = (unsigned)number;
    group->members = fill_members(line, limit, too_small);
    return group->members != NULL;
}

static const record_kind groups = {"/etc/group", fill_group, offsetof(group_record, group)};

// As large as the line of a group with some thousand members.
enum { line_size = 1 << 16 };
static group_record the_group;
static char group_line[line_size];
static long next_group;

static void *find_group(wanted which, long *offset) {
    void *result;
    int error = find_record(&groups, which, offset, &the_group, group_line, line_size, &result);
    if (error != 0) fail(error);
    return result;
}

void *getgrnam(const char *name) {
    return is_active() ? find_group((wanted){.name = name}, NULL) : CALL(NULL, getgrnam, name);
}

void *getgrgid(unsigned number) {
    return is_active() ? find_group((wanted){.number = number}, NULL) : CALL(NULL, getgrgid, number);
}

int getgrnam_r(const char *name, void *group, char *buffer, unsigned long size, void **result) {
    if (!is_active()) return CALL(ENOSYS, getgrnam_r, name, group, buffer, size, result);
    return find_record(&groups, (wanted){.name = name}, NULL, group, buffer, size, result);
}

int getgrgid_r(unsigned number, void *group, char *buffer, unsigned long size, void **result) {
    if (!is_active()) return CALL(ENOSYS, getgrgid_r, number, group, buffer, size, result);
    return find_record(&groups, (wanted){.number = number}, NULL, group, buffer, size, result);
}

void *getgrent(void) { return is_active() ? find_group((wanted){.any = true}, &next_group) : CALL(NULL, getgrent); }

int getgrent_r(void *group, char *buffer, unsigned long size, void **result) {
    if (!is_active()) return CALL(ENOSYS, getgrent_r, group, buffer, size, result);
    int error = find_record(&groups, (wanted){.any = true}, &next_group, group, buffer, size, result);
    return error == 0 && *result == NULL ? ENOENT : error;
}

void setgrent(void) {
    if (!is_active() && NEXT(setgrent) != NULL) NEXT(setgrent)();
    next_group = 0;
}

void endgrent(void) {
    if (!is_active() && NEXT(endgrent) != NULL) NEXT(endgrent)();
    next_group = 0;
}

static bool has_member(const group_record *group, const char *name) {
    for (char **member = group->members; *member != NULL; member++)
        if (strcmp(*member, name) == 0) return true;
    return false;
}

int getgrouplist(const char *name, unsigned group, unsigned *list, int *count) {
    if (!is_active()) return CALL(-1, getgrouplist, name, group, list, count);
    int found = 0, room = *count;
    if (found++ < room) list[0] = group;
    // On the stack as long as lines are of the usual length; what is longer than that is passed over.
    char line[line_size / 4];
    group_record record;
    long offset = 0;
    const wanted next = {.any = true, .that_fits = true};
    for (void *result;;) {
        if (find_record(&groups, next, &offset, &record, line, sizeof line, &result) != 0) break;
        if (result == NULL) break;
        if (record.group == group || !has_member(&record, name)) continue;
        if (found < room) list[found] = record.group;
        found++;
    }
    *count = found;
    return found > room ? -1 : found;
}

int initgroups(const char *name, unsigned group) {
    if (!is_active()) return CALL(-1, initgroups, name, group);
    unsigned list[1024];
    int count = sizeof list / sizeof *list;
    if (getgrouplist(name, group, list, &count) < 0) count = sizeof list / sizeof *list;
    return setgroups((size_t)count, list);
}
