#define _GNU_SOURCE
#include "csupervisor.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

int64_t csupervisor_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t csupervisor_real_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int csupervisor_is_root(void) { return geteuid() == 0; }
unsigned csupervisor_user(void) { return geteuid(); }
int csupervisor_process_id(void) { return getpid(); }

const char *csupervisor_environment(size_t index) { return environ == NULL ? NULL : environ[index]; }

const char *csupervisor_program_path(void) {
    // The path the kernel was given; it needs no /proc.
    return (const char *)getauxval(AT_EXECFN);
}

void csupervisor_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

const char *csupervisor_error_text(int error) { return strerror(error); }

void csupervisor_exit(int code) { _exit(code); }
