// What a program asked for and did not find, for whoever wants to know why a test of a pruned image failed.
#include "bytes.h"
#include "kernel.h"
#include "map.h"
#include <asm/errno.h>

// What is noted is read by a person: more than this is no help.
enum { list_limit = 1 << 20, from_end = 2 };

APART static void append_to_list(const char *path, size_t length) {
    char line[path_limit + 1];
    if (length >= path_limit || find_byte(path, '\n') != path + length) return;
    memcpy(line, path, length);
    line[length] = '\n';
    long list = kernel4(__NR_openat, AT_FDCWD, (long)the_mapping.missed, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (list < 0) return;
    // One write a line: those of several processes do not mix.
    if (kernel4(__NR_lseek, list, 0, from_end, 0) < list_limit)
        kernel4(__NR_write, list, (long)line, (long)length + 1, 0);
    kernel_close((int)list);
}

void note_missed(int folder, const char *path) {
    size_t length = strlen(path);
    if (length == 0 || length >= path_limit || kernel_access(folder, path, 0) != -ENOENT) return;
    char whole[2 * path_limit];
    size_t before = path[0] == '/' ? 0 : folder_path(folder, whole, path_limit);
    if (path[0] != '/') {
        if (before == 0) return;
        whole[before++] = '/';
    }
    memcpy(whole + before, path, length + 1);
    const char *image = unmapped(whole);
    if (image != whole) append_to_list(image, strlen(image));
}
