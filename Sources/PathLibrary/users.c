// Users and their passwords, from the image's /etc/passwd and /etc/shadow.
#include "records.h"

// glibc's and musl's structures are the same.
typedef struct {
    char *name, *password;
    unsigned user, group;
    char *comment, *folder, *shell;
} user_record;
typedef struct {
    char *name, *password;
    long numbers[7];
} shadow_record;
_Static_assert(offsetof(user_record, folder) == 32, "walks.c knows where it is");

static bool fill_user(char *line, char *limit, void *record, bool *too_small) {
    (void)limit, (void)too_small;
    user_record *user = record;
    unsigned long number, group;
    user->name = take_field(&line);
    user->password = take_field(&line);
    if (!read_number(take_field(&line), &number) || !read_number(take_field(&line), &group)) return false;
    user->user = (unsigned)number;
    user->group = (unsigned)group;
    user->comment = take_field(&line);
    user->folder = take_field(&line);
    user->shell = take_field(&line);
    return user->shell != NULL && line == NULL && user->name[0] != 0;
}

static bool fill_shadow(char *line, char *limit, void *record, bool *too_small) {
    (void)limit, (void)too_small;
    shadow_record *shadow = record;
    shadow->name = take_field(&line);
    shadow->password = take_field(&line);
    if (shadow->password == NULL || shadow->name[0] == 0) return false;
    for (int index = 0; index < 7; index++) {
        unsigned long number;
        shadow->numbers[index] = read_number(take_field(&line), &number) ? (long)number : -1;
    }
    return true;
}

static const record_kind users = {"/etc/passwd", fill_user, offsetof(user_record, user)};
static const record_kind shadows = {"/etc/shadow", fill_shadow, 0};

// What the functions without _r answer lies here, as in every C library.
enum { line_size = 4096 };
static user_record the_user;
static shadow_record the_shadow;
static char user_line[line_size], shadow_line[line_size];
static long next_user, next_shadow;

static void *answer(int error, void *result) {
    if (error != 0) fail(error);
    return result;
}

static void *find_user(wanted which, long *offset) {
    void *result;
    int error = find_record(&users, which, offset, &the_user, user_line, line_size, &result);
    return answer(error, result);
}

void *getpwnam(const char *name) {
    return is_active() ? find_user((wanted){.name = name}, NULL) : CALL(NULL, getpwnam, name);
}

void *getpwuid(unsigned number) {
    return is_active() ? find_user((wanted){.number = number}, NULL) : CALL(NULL, getpwuid, number);
}

int getpwnam_r(const char *name, void *user, char *buffer, unsigned long size, void **result) {
    if (!is_active()) return CALL(ENOSYS, getpwnam_r, name, user, buffer, size, result);
    return find_record(&users, (wanted){.name = name}, NULL, user, buffer, size, result);
}

int getpwuid_r(unsigned number, void *user, char *buffer, unsigned long size, void **result) {
    if (!is_active()) return CALL(ENOSYS, getpwuid_r, number, user, buffer, size, result);
    return find_record(&users, (wanted){.number = number}, NULL, user, buffer, size, result);
}

void *getpwent(void) { return is_active() ? find_user((wanted){.any = true}, &next_user) : CALL(NULL, getpwent); }

int getpwent_r(void *user, char *buffer, unsigned long size, void **result) {
    if (!is_active()) return CALL(ENOSYS, getpwent_r, user, buffer, size, result);
    int error = find_record(&users, (wanted){.any = true}, &next_user, user, buffer, size, result);
    return error == 0 && *result == NULL ? ENOENT : error;
}

void setpwent(void) {
    if (!is_active() && NEXT(setpwent) != NULL) NEXT(setpwent)();
    next_user = 0;
}

void endpwent(void) {
    if (!is_active() && NEXT(endpwent) != NULL) NEXT(endpwent)();
    next_user = 0;
}

// The whole line, in a buffer whose size nobody says.
int getpw(unsigned number, char *line) {
    if (!is_active()) return CALL(-1, getpw, number, line);
    char room[1024], digits[24];
    user_record user;
    void *result;
    int error = find_record(&users, (wanted){.number = number}, NULL, &user, room, sizeof room, &result);
    if (result == NULL) return (int)fail(error != 0 ? error : ENOENT);
    line = append(append(append(append(line, user.name), ":"), user.password), ":");
    append_number(digits, user.user);
    line = append(append(line, digits), ":");
    append_number(digits, user.group);
    line = append(append(append(append(line, digits), ":"), user.comment), ":");
    append(append(append(line, user.folder), ":"), user.shell);
    return 0;
}

void *getspnam(const char *name) {
    if (!is_active()) return CALL(NULL, getspnam, name);
    void *result;
    int error = find_record(&shadows, (wanted){.name = name}, NULL, &the_shadow, shadow_line, line_size, &result);
    return answer(error, result);
}

int getspnam_r(const char *name, void *shadow, char *buffer, unsigned long size, void **result) {
    if (!is_active()) return CALL(ENOSYS, getspnam_r, name, shadow, buffer, size, result);
    return find_record(&shadows, (wanted){.name = name}, NULL, shadow, buffer, size, result);
}

void *getspent(void) {
    if (!is_active()) return CALL(NULL, getspent);
    void *result;
    int error =
        find_record(&shadows, (wanted){.any = true}, &next_shadow, &the_shadow, shadow_line, line_size, &result);
    return answer(error, result);
}

int getspent_r(void *shadow, char *buffer, unsigned long size, void **result) {
    if (!is_active()) return CALL(ENOSYS, getspent_r, shadow, buffer, size, result);
    int error = find_record(&shadows, (wanted){.any = true}, &next_shadow, shadow, buffer, size, result);
    return error == 0 && *result == NULL ? ENOENT : error;
}

void setspent(void) {
    if (!is_active() && NEXT(setspent) != NULL) NEXT(setspent)();
    next_shadow = 0;
}

void endspent(void) {
    if (!is_active() && NEXT(endspent) != NULL) NEXT(endspent)();
    next_shadow = 0;
}
