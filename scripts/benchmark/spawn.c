// What starting a process and waiting for its end costs here: prints the nanoseconds of each time, one a line.
// usage: spawn COUNT PROGRAM
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **words) {
    if (count != 3) return 2;
    char *program[] = {words[2], NULL};
    for (int left = atoi(words[1]); left > 0; left--) {
        long long began = now();
        pid_t process;
        int status;
        if (posix_spawn(&process, program[0], NULL, NULL, program, environ) != 0) return 1;
        if (waitpid(process, &status, 0) != process || status != 0) return 1;
        printf("%lld\n", now() - began);
    }
    return 0;
}
