// What every case of the C programs has at hand. A case prints what it sees, and nothing that differs from run to run.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

// So that conditions on glibc's version can be written in one line.
#ifndef __GLIBC__
#define __GLIBC_PREREQ(major, minor) 0
#endif

// CASE(name) { … } is a case of its own: the program runs it when its first argument is that name.
#define CASE(name)                                                                                                     \
    static void case_##name(void);                                                                                     \
    __attribute__((constructor)) static void add_##name(void) { add_case(#name, case_##name); }                        \
    static void case_##name(void)

// The same, for what only glibc has.
#define GLIBC_CASE(name) CASE(name)
// The same, for what only a tree with a shell can show.
#define SHELL_CASE(name) CASE(name)

// Files of the image that are there for the cases; suite/fixtures.py makes them.
#define DATA "/usr/share/conformance"
#define PROGRAMS "/usr/libexec/conformance"
// An empty folder of the image that the cases may write to.
#define WORK "/desk"

void add_case(const char *name, void (*body)(void));

// This program, as it was called, and its further arguments.
extern const char *self_name;
extern char **arguments;
extern int argument_count;
extern char **environ;

// The name of an errno.
const char *error_name(int number);
// Prints "what: result", and the errno when the result is negative.
void show(const char *what, long result);
// Prints "what: ok", or the errno: for results such as descriptors and pointers.
void done(const char *what, int ok);
// Prints a string in quotes, escaped, or "(null)" and the errno.
void text(const char *what, const char *string);
// Prints type, mode, size and owner as far as two worlds can agree on them.
void show_stat(const char *what, int result, const struct stat *status);
// Prints what a descriptor reads, and closes it; for a negative one the errno.
void show_content(const char *what, int descriptor);
// Makes a file with that content through system calls that nothing stands before, and fails loudly.
void write_file(const char *path, const char *content);
// Waits for a child and prints how it ended.
void show_wait(const char *what, pid_t child);
// Prints sorted lines, for functions whose order is the file system's.
void add_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void show_lines(const char *what);
