// What the cases start: this program again, in a case of its own, and scripts of the image.
#pragma once
#include "conformance.h"

// The path of this program.
extern char self[PATH_MAX];

// Runs a call that does not return when it works, in a child, and prints how the child ended.
#define IN_CHILD(what, call)                                                                                           \
    do {                                                                                                               \
        fflush(stdout);                                                                                                \
        pid_t child_ = fork();                                                                                         \
        if (child_ == 0) {                                                                                             \
            call;                                                                                                      \
            printf("%s: not started, %s\n", what, error_name(errno));                                                  \
            fflush(stdout);                                                                                            \
            _exit(111);                                                                                                \
        }                                                                                                              \
        show_wait(what, child_);                                                                                       \
    } while (0)

static char *const echo[] = {"name", "echo", "one", "two words", "", NULL};
static char *const given[] = {"CONFORMANCE=given", "PATH=/nowhere", NULL};
static char *const words[] = {"own-name", "a", "b c", NULL};
