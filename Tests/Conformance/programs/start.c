// Starts the first program of a world as the supervisor would: one working folder, one environment, no shell between.
//
//     start FOLDER NAME=VALUE… -- PROGRAM ARGV0 ARGUMENT…
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **values) {
    char **environment = values + 2, **end = environment;
    while (end < values + count && strcmp(*end, "--")) end++;
    if (count < 2 || end + 2 >= values + count) return 125;
    *end = NULL;
    if (chdir(values[1])) {
        perror(values[1]);
        return 125;
    }
    execve(end[1], end + 2, environment);
    perror(end[1]);
    return 126;
}
