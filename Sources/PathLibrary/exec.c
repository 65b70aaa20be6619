// Starting programs: what the kernel would do with the image as root, done here where the kernel would look on the host.
#include "exec.h"
#include <stdarg.h>

size_t count_entries(char *const list[]) {
    size_t count = 0;
    while (list != NULL && list[count] != NULL) count++;
    return count;
}

static int exec_now(launch *how, const char *path, char *const arguments[], char *const environment[]) {
    (void)how;
    // A file that has just got its bytes may still be open for writing, for a moment.
    for (int tries = 0; tries < busy_tries; tries++) {
        CALL(-1, execve, path, arguments, environment);
        if (*error_number() != ETXTBSY) break;
        kernel_yield();
    }
    return *error_number();
}

static int exec_mapped(const char *path, char *const arguments[], char *const environment[]) {
    launch how = {.finish = exec_now, .environment = environment};
    return (int)fail(start_program(&how, path, arguments));
}

int execve(const char *path, char *const arguments[], char *const environment[]) {
    if (!is_active()) return CALL(-1, execve, path, arguments, environment);
    return exec_mapped(path, arguments, environment);
}

int execv(const char *path, char *const arguments[]) { return execve(path, arguments, environ); }

int execvpe(const char *file, char *const arguments[], char *const environment[]) {
    if (!is_active()) return CALL(-1, execvpe, file, arguments, environment);
    launch how = {.finish = exec_now, .environment = environment};
    return (int)fail(search_program(&how, file, arguments, !the_settings.is_musl));
}

int execvp(const char *file, char *const arguments[]) {
    if (!is_active()) return CALL(-1, execvp, file, arguments);
    return execvpe(file, arguments, environ);
}

static size_t count_arguments(const char *first, va_list rest) {
    size_t count = first != NULL;
    if (first != NULL)
        while (va_arg(rest, char *) != NULL) count++;
    return count;
}

// The arguments of a variadic function as an array on its own stack, and the list behind the NULL at their end.
#define COLLECT(first)                                               \
    va_list list;                                                    \
    va_start(list, first);                                           \
    size_t count = count_arguments(first, list);                     \
    va_end(list);                                                    \
    char *arguments[count + 1];                                      \
    va_start(list, first);                                           \
    arguments[0] = (char *)first;                                    \
    for (size_t index = 1; index <= count; index++) arguments[index] = va_arg(list, char *)

int execl(const char *path, const char *argument, ...) {
    COLLECT(argument);
    va_end(list);
    return execve(path, arguments, environ);
}

int execle(const char *path, const char *argument, ...) {
    COLLECT(argument);
    char *const *environment = va_arg(list, char *const *);
    va_end(list);
    return execve(path, arguments, environment);
}

int execlp(const char *file, const char *argument, ...) {
    COLLECT(argument);
    va_end(list);
    return execvp(file, arguments);
}

// A program that is open: the name that scripts are told is the one the kernel makes up for it.
static int exec_file(int folder, const char *path, char *const arguments[], char *const environment[]) {
    char name[40 + path_limit];
    if (strlen(path) >= path_limit) return (int)fail(ENAMETOOLONG);
    char *end = append_number(append(name, "/dev/fd/"), (unsigned long)folder);
    if (*path != 0) append(append(end, "/"), path);
    return exec_mapped(name, arguments, environment);
}

int fexecve(int file, char *const arguments[], char *const environment[]) {
    if (!is_active() || file < 0 || arguments == NULL || environment == NULL)
        return CALL(-1, fexecve, file, arguments, environment);
    return exec_file(file, "", arguments, environment);
}

int execveat(int folder, const char *path, char *const arguments[], char *const environment[], int flags) {
    enum { no_follow = 0x100, empty_path = 0x1000 };
    bool is_empty = path != NULL && *path == 0;
    if (!is_active() || path == NULL || (flags & ~(no_follow | empty_path)) != 0 || (is_empty && !(flags & empty_path)))
        return CALL(-1, execveat, folder, path, arguments, environment, flags);
    if (flags & no_follow) {
        // The kernel refuses a link; a file that is none needs nothing more.
        char end[1];
        MAP_AT(folder, path);
        if (kernel4(__NR_readlinkat, folder, (long)path, (long)end, sizeof end) > 0) return (int)fail(ELOOP);
    }
    if (*path == '/' || (folder == AT_FDCWD && !is_empty)) return exec_mapped(path, arguments, environment);
    return exec_file(folder, path, arguments, environment);
}
