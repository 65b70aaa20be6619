// Functions that fit no kind of the table: their answers are nothing, or a path of the C library's own.
#include "library.h"

void updwtmp(const char *path, const void *record) {
    is_active();
    MAP(path);
    if (NEXT(updwtmp) != NULL) NEXT(updwtmp)(path, record);
}

void updwtmpx(const char *path, const void *record) {
    is_active();
    MAP(path);
    if (NEXT(updwtmpx) != NULL) NEXT(updwtmpx)(path, record);
}

char *bindtextdomain(const char *domain, const char *path) {
    is_active();
    MAP(path);
    // It answers a copy that it keeps, and that stays there.
    return (char *)unmapped(CALL(NULL, bindtextdomain, domain, path));
}
