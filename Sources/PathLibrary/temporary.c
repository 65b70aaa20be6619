// Files whose names the C library makes: it writes them over the template, of which it gets a mapped copy.
#include "library.h"

enum { letters = 6 };

// Copies the letters that were put for the six X back; `after` bytes follow them in both.
static void copy_back(char *template, const char *mapped, int after) {
    size_t length = strlen(template), mapped_length = strlen(mapped), from_end = letters + (size_t)after;
    if (after < 0 || length < from_end || mapped_length < from_end) return;
    memcpy(template + length - from_end, mapped + mapped_length - from_end, letters);
}

// The mapped template; it is only ever written to where it is a copy.
#define FROM_TEMPLATE(failed, name, after, ...)              \
    is_active();                                             \
    char room[map_room(template)];                           \
    char *mapped = (char *)map(AT_FDCWD, template, room, sizeof room); \
    __typeof__(name(template, ##__VA_ARGS__)) result = CALL(failed, name, mapped, ##__VA_ARGS__); \
    if (mapped != template) copy_back(template, mapped, after)

#define FILE_FROM(name)             \
    int name(char *template) {      \
        FROM_TEMPLATE(-1, name, 0); \
        return result;              \
    }
#define FILE_FROM_WITH_FLAGS(name)         \
    int name(char *template, int flags) {  \
        FROM_TEMPLATE(-1, name, 0, flags); \
        return result;                     \
    }
#define FILE_FROM_WITH_END(name)               \
    int name(char *template, int after) {      \
        FROM_TEMPLATE(-1, name, after, after); \
        return result;                         \
    }
#define FILE_FROM_WITH_END_AND_FLAGS(name)            \
    int name(char *template, int after, int flags) {  \
        FROM_TEMPLATE(-1, name, after, after, flags); \
        return result;                                \
    }

FILE_FROM(mkstemp)
FILE_FROM(mkstemp64)
FILE_FROM_WITH_FLAGS(mkostemp)
FILE_FROM_WITH_FLAGS(mkostemp64)
FILE_FROM_WITH_END(mkstemps)
FILE_FROM_WITH_END(mkstemps64)
FILE_FROM_WITH_END_AND_FLAGS(mkostemps)
FILE_FROM_WITH_END_AND_FLAGS(mkostemps64)

char *mkdtemp(char *template) {
    FROM_TEMPLATE(NULL, mkdtemp, 0);
    return result == NULL ? NULL : template;
}

char *mktemp(char *template) {
    FROM_TEMPLATE(template, mktemp, 0);
    // It says that it failed with an empty name.
    if (result != NULL && result[0] == 0) template[0] = 0;
    return template;
}

char *tempnam(const char *folder, const char *start) {
    is_active();
    MAP(folder);
    char *name = CALL(NULL, tempnam, folder, start);
    if (name != NULL) unmap_in_place(name);
    return name;
}
