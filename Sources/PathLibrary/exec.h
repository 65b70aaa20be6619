#pragma once
#include "library.h"

// How often a program is tried that is open for writing.
enum { busy_tries = 1000 };

// One start of a program, by exec or by spawn. Everything it needs is on the stack: a child of vfork may be running.
typedef struct launch {
    // What starts a program in the end; answers an error number, or 0.
    int (*finish)(struct launch *how, const char *path, char *const arguments[], char *const environment[]);
    // As the program gave it; may be NULL.
    char *const *environment;
    // Only for a spawn.
    int *process;
    const void *actions, *attributes;
} launch;

size_t count_entries(char *const list[]);
// Starts the program at a path as the caller said it. Answers an error number; 0 only after a spawn.
int start_program(launch *how, const char *path, char *const arguments[]);
// The same for a name that may have to be searched in PATH; a file that is no program is given to the shell if so said.
int search_program(launch *how, const char *file, char *const arguments[], bool shell_for_text);
// Calls `finish` with the environment that the new program needs. Only when the loader starts it: `program` is its real
// path, and `name` what its argv[0] is to be, if the loader cannot be told.
int finish_with_environment(
    launch *how, const char *path, char *const arguments[], const char *program, const char *name);
