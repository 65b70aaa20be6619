#pragma once
// The image's files of users, groups and passwords: a record a line, its fields between colons. The C library's own
// functions would read the host's.
#include "library.h"

// How a kind of record is read. `fill` cuts the line where it stands into the record; it may use what is left up to
// `limit`, and says false for a line that is no record, and sets *too_small when there is no room.
typedef struct {
    const char *path;
    bool (*fill)(char *line, char *limit, void *record, bool *too_small);
    // Where the record has its number; the name is always its first member.
    size_t number_at;
} record_kind;

// Which record is wanted: that with the name; if it is NULL that with the number; or whichever comes next, of those for
// which there is room if so said.
typedef struct {
    const char *name;
    unsigned number;
    bool any, that_fits;
} wanted;

// Reads on from *offset, or from the beginning. Answers 0 with *result NULL when there is none, or an error number.
int find_record(
    const record_kind *kind, wanted which, long *offset, void *record, char *buffer, size_t size, void **result);

// The field at *line; *line is behind it then, or NULL after the last.
char *take_field(char **line);
// A number in a field; false when it is none.
bool read_number(const char *field, unsigned long *number);
