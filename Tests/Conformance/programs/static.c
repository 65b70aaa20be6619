// A static program: the path library does not reach it, so it sees the host's paths.
#include <stdio.h>

int main(int count, char **values) {
    printf("static: %s, %d arguments\n", values[0], count - 1);
    return 0;
}
