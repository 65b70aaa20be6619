#include "records.h"

// A file that is read line by line.
typedef struct {
    int file;
    long offset;
    int next, filled;
    char bytes[1024];
} reader;

static int next_byte(reader *from) {
    if (from->next == from->filled) {
        // What was read so far is what was handed out: the offset is that of the next byte.
        long count = kernel_read_at(from->file, from->bytes, sizeof from->bytes, from->offset);
        if (count <= 0) return -1;
        from->next = 0;
        from->filled = (int)count;
    }
    from->offset++;
    return (unsigned char)from->bytes[from->next++];
}

typedef enum { no_line, whole_line, cut_line } line_result;

static line_result read_line(reader *from, char *line, size_t size) {
    size_t length = 0;
    bool is_cut = false;
    int byte = next_byte(from);
    if (byte < 0) return no_line;
    for (; byte >= 0 && byte != '\n'; byte = next_byte(from)) {
        if (length + 1 < size) line[length++] = (char)byte;
        else is_cut = true;
    }
    line[length] = 0;
    return is_cut ? cut_line : whole_line;
}

char *take_field(char **line) {
    char *field = *line;
    if (field == NULL) return NULL;
    char *end = (char *)find_byte(field, ':');
    *line = *end == 0 ? NULL : end + 1;
    *end = 0;
    return field;
}

bool read_number(const char *field, unsigned long *number) {
    if (field == NULL || *field == 0) return false;
    unsigned long value = 0;
    for (; *field != 0; field++) {
        if (*field < '0' || *field > '9' || value > 0xffffffff) return false;
        value = value * 10 + (unsigned long)(*field - '0');
    }
    *number = value;
    return true;
}

// Whether a line that did not fit may be the wanted one: its name is whole and another's in all other cases.
static bool may_be(const char *line, const wanted *which) {
    if (which->any || which->name == NULL) return true;
    size_t length = strlen(which->name), start = (size_t)(find_byte(line, ':') - line);
    return line[start] == 0 || (start == length && memcmp(line, which->name, length) == 0);
}

static bool is_wanted(const record_kind *kind, const wanted *which, const void *record) {
    if (which->any) return true;
    if (which->name != NULL) return strcmp(*(char *const *)record, which->name) == 0;
    unsigned number;
    memcpy(&number, (const char *)record + kind->number_at, sizeof number);
    return number == which->number;
}

static int search(reader *from, const record_kind *kind, const wanted *which, void *record, char *buffer, size_t size) {
    for (;;) {
        long start = from->offset;
        line_result line = read_line(from, buffer, size);
        if (line == no_line) return ENOENT;
        if (line == cut_line && !may_be(buffer, which)) continue;
        bool too_small = line == cut_line;
        // An entry that begins so is for network directories, or a remark.
        if (buffer[0] == '+' || buffer[0] == '-' || buffer[0] == '#') continue;
        if (!too_small && !kind->fill(buffer, buffer + size, record, &too_small) && !too_small) continue;
        if (too_small && which->that_fits) continue;
        if (too_small) {
            // The next try, with more room, finds it again.
            from->offset = start;
            return ERANGE;
        }
        if (is_wanted(kind, which, record)) return 0;
    }
}

int find_record(
    const record_kind *kind, wanted which, long *offset, void *record, char *buffer, size_t size, void **result) {
    *result = NULL;
    if (size == 0) return ERANGE;
    const char *path = kind->path;
    MAP(path);
    reader from = {.offset = offset == NULL ? 0 : *offset};
    from.file = kernel_open(AT_FDCWD, path, O_RDONLY);
    if (from.file < 0) return -from.file;
    int error = search(&from, kind, &which, record, buffer, size);
    kernel_close(from.file);
    if (offset != NULL) *offset = from.offset;
    if (error == 0) *result = record;
    return error == ENOENT ? 0 : error;
}
