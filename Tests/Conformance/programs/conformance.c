#include "conformance.h"

#include <ctype.h>
#include <stdarg.h>

const char *self_name;
char **arguments;
int argument_count;

static struct {
    const char *name;
    void (*body)(void);
} cases[512];
static int case_count;

void add_case(const char *name, void (*body)(void)) {
    if (case_count == 512) abort();
    cases[case_count].name = name;
    cases[case_count++].body = body;
}

const char *error_name(int number) {
    if (!number) return "no error";
    static const struct {
        int number;
        const char *name;
    } names[] = {
#define E(name) {name, #name}
        E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN),
        E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR),
        E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK),
        E(EPIPE), E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK), E(ENOSYS), E(ENOTEMPTY), E(ELOOP),
        E(ENODATA), E(EOVERFLOW), E(EILSEQ), E(ENOTSOCK), E(EDESTADDRREQ), E(EPROTOTYPE), E(EOPNOTSUPP), E(EADDRINUSE),
        E(EADDRNOTAVAIL), E(ECONNREFUSED), E(ECONNRESET), E(EISCONN), E(ENOTCONN), E(EALREADY), E(EINPROGRESS),
#undef E
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) return names[i].name;
    static char other[32];
    snprintf(other, sizeof other, "errno %d", number);
    return other;
}

void show(const char *what, long result) {
    if (result < 0)
        printf("%s: %ld %s\n", what, result, error_name(errno));
    else
        printf("%s: %ld\n", what, result);
}

void done(const char *what, int ok) { printf("%s: %s\n", what, ok ? "ok" : error_name(errno)); }

static void put_escaped(const char *string, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)string[i];
        if (byte == '\\' || byte == '"')
            printf("\\%c", byte);
        else if (byte >= ' ' && byte < 127)
            putchar(byte);
        else
            printf("\\x%02x", byte);
    }
}

void text(const char *what, const char *string) {
    if (!string) {
        printf("%s: (null) %s\n", what, error_name(errno));
        return;
    }
    printf("%s: \"", what);
    put_escaped(string, strlen(string));
    printf("\"\n");
}

static const char *kind(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFREG: return "file";
        case S_IFDIR: return "folder";
        case S_IFLNK: return "link";
        case S_IFIFO: return "fifo";
        case S_IFSOCK: return "socket";
        case S_IFCHR: return "character device";
        case S_IFBLK: return "block device";
        default: return "unknown";
    }
}

void show_stat(const char *what, int result, const struct stat *status) {
    if (result < 0) {
        show(what, result);
        return;
    }
    printf("%s: %s %04o %u:%u", what, kind(status->st_mode), status->st_mode & 07777, (unsigned)status->st_uid,
           (unsigned)status->st_gid);
    if (S_ISREG(status->st_mode)) printf(" %lld bytes, %lu names", (long long)status->st_size, (unsigned long)status->st_nlink);
    printf("\n");
}

void show_content(const char *what, int descriptor) {
    if (descriptor < 0) {
        show(what, descriptor);
        return;
    }
    char bytes[4096];
    ssize_t length = read(descriptor, bytes, sizeof bytes);
    if (length < 0) {
        show(what, length);
    } else {
        printf("%s: \"", what);
        put_escaped(bytes, (size_t)length);
        printf("\"\n");
    }
    close(descriptor);
}

void write_file(const char *path, const char *content) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (descriptor < 0 || write(descriptor, content, strlen(content)) != (ssize_t)strlen(content)) {
        printf("cannot write %s: %s\n", path, error_name(errno));
        exit(70);
    }
    close(descriptor);
}

void show_wait(const char *what, pid_t child) {
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        show(what, -1);
    } else if (WIFEXITED(status)) {
        printf("%s: exit %d\n", what, WEXITSTATUS(status));
    } else {
        printf("%s: signal %d\n", what, WTERMSIG(status));
    }
}

static char *lines[4096];
static int line_count;

void add_line(const char *format, ...) {
    va_list list;
    va_start(list, format);
    if (line_count < 4096 && vasprintf(&lines[line_count], format, list) >= 0) line_count++;
    va_end(list);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void show_lines(const char *what) {
    qsort(lines, (size_t)line_count, sizeof *lines, by_text);
    printf("%s: %d\n", what, line_count);
    for (int i = 0; i < line_count; i++) {
        printf("  ");
        put_escaped(lines[i], strlen(lines[i]));
        printf("\n");
        free(lines[i]);
    }
    line_count = 0;
}

int main(int count, char **values) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    self_name = values[0];
    arguments = values + 2;
    argument_count = count - 2;
    if (count < 2) {
        for (int i = 0; i < case_count; i++) printf("%s\n", cases[i].name);
        return 0;
    }
    for (int i = 0; i < case_count; i++) {
        if (!strcmp(cases[i].name, values[1])) {
            cases[i].body();
            return 0;
        }
    }
    fprintf(stderr, "there is no case %s\n", values[1]);
    return 64;
}
