// Runs a program and says how long it took, from before it was started until it had ended, as the last line of the
// standard error. The cage around both is made before and taken down after, and does not count.
//
//     timed PROGRAM ARGUMENT…
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **values) {
    struct timespec before, after;
    int status;
    if (count < 2) return 125;
    clock_gettime(CLOCK_MONOTONIC, &before);
    pid_t child = vfork();
    if (child == 0) {
        execv(values[1], values + 1);
        _exit(126);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) return 125;
    clock_gettime(CLOCK_MONOTONIC, &after);
    fprintf(stderr, "\ntook %lld\n",
            (after.tv_sec - before.tv_sec) * 1000000000LL + (after.tv_nsec - before.tv_nsec));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
