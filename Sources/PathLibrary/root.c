// asRoot: for images that insist on being root, the process seems to be, and changes of owner succeed without effect.
#include "library.h"

static bool is_as_root(void) { return is_active() && the_settings.as_root; }

#define SHOWN_AS_ROOT(name) \
    unsigned name(void) { return is_as_root() ? 0 : CALL((unsigned)-1, name); }
SHOWN_AS_ROOT(getuid)
SHOWN_AS_ROOT(geteuid)
SHOWN_AS_ROOT(getgid)
SHOWN_AS_ROOT(getegid)

#define ALL_SHOWN_AS_ROOT(name)                                             \
    int name(unsigned *real, unsigned *effective, unsigned *saved) {        \
        if (!is_as_root()) return CALL(-1, name, real, effective, saved);   \
        *real = *effective = *saved = 0;                                    \
        return 0;                                                           \
    }
ALL_SHOWN_AS_ROOT(getresuid)
ALL_SHOWN_AS_ROOT(getresgid)

#define CHANGES_ONE(name) \
    int name(unsigned number) { return is_as_root() ? 0 : CALL(-1, name, number); }
#define CHANGES_TWO(name) \
    int name(unsigned real, unsigned effective) { return is_as_root() ? 0 : CALL(-1, name, real, effective); }
#define CHANGES_THREE(name)                                       \
    int name(unsigned real, unsigned effective, unsigned saved) { \
        return is_as_root() ? 0 : CALL(-1, name, real, effective, saved); \
    }
CHANGES_ONE(setuid)
CHANGES_ONE(seteuid)
CHANGES_ONE(setgid)
CHANGES_ONE(setegid)
CHANGES_TWO(setreuid)
CHANGES_TWO(setregid)
CHANGES_THREE(setresuid)
CHANGES_THREE(setresgid)

int setgroups(unsigned long count, const unsigned *groups) {
    return is_as_root() ? 0 : CALL(-1, setgroups, count, groups);
}

// The file must be there; that it cannot be given away, or that nobody here has that number, does not matter.
static int allowed(int result) {
    bool is_owner = result != 0 && (*error_number() == EPERM || *error_number() == EINVAL);
    return is_owner && the_settings.as_root ? 0 : result;
}

int chown(const char *path, unsigned user, unsigned group) {
    is_active();
    MAP(path);
    return allowed(CALL(-1, chown, path, user, group));
}

int lchown(const char *path, unsigned user, unsigned group) {
    is_active();
    MAP(path);
    return allowed(CALL(-1, lchown, path, user, group));
}

int fchown(int file, unsigned user, unsigned group) {
    is_active();
    return allowed(CALL(-1, fchown, file, user, group));
}

int fchownat(int folder, const char *path, unsigned user, unsigned group, int flags) {
    is_active();
    MAP_AT(folder, path);
    return allowed(CALL(-1, fchownat, folder, path, user, group, flags));
}
