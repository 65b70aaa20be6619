// Files are opened through every door that the C library has.
#include "conformance.h"

#include <sys/syscall.h>

#ifndef __NR_openat2
#define __NR_openat2 437
#endif

CASE(open_read) {
    show_content("absolute", open(DATA "/file", O_RDONLY));
    show_content("through an absolute link", open(DATA "/absolute-link", O_RDONLY));
    show_content("through a chain of links", open(DATA "/chain/file", O_RDONLY));
    show_content("missing", open(DATA "/missing", O_RDONLY));
    show_content("dangling", open(DATA "/dangling", O_RDONLY));
    show_content("loop", open(DATA "/loop", O_RDONLY));
    show_content("link, not followed", open(DATA "/absolute-link", O_RDONLY | O_NOFOLLOW));
    show_content("a file as a folder", open(DATA "/file/more", O_RDONLY));
    show_content("a folder for writing", open(DATA, O_WRONLY));
    show_content("passwd of the image", open("/etc/conformance-only-in-image", O_RDONLY));
}

CASE(open_create) {
    int descriptor = open(WORK "/new", O_RDWR | O_CREAT | O_EXCL, 0640);
    show("open", descriptor);
    show("write", write(descriptor, "written", 7));
    close(descriptor);
    show("again", open(WORK "/new", O_RDWR | O_CREAT | O_EXCL, 0640));
    show_content("read", open(WORK "/new", O_RDONLY));
    show("append", descriptor = open(WORK "/new", O_WRONLY | O_APPEND));
    show("write", write(descriptor, " more", 5));
    close(descriptor);
    show_content("read", open(WORK "/new", O_RDONLY));
    show("no such folder", open(WORK "/no/new", O_RDWR | O_CREAT, 0600));
    struct stat status;
    show_stat("the mode is passed on", stat(WORK "/new", &status), &status);
}

CASE(open64) { show_content("open64", open64(DATA "/file", O_RDONLY)); }

CASE(open_tmpfile) {
    int descriptor = open(WORK, O_TMPFILE | O_RDWR, 0604);
    done("open", descriptor >= 0);
    if (descriptor < 0) return;
    struct stat status;
    int result = fstat(descriptor, &status);
    printf("fstat: %d mode %04o\n", result, status.st_mode & 07777);
}

CASE(open_path_descriptor) {
    int descriptor = open(DATA "/folder", O_PATH | O_DIRECTORY);
    done("open", descriptor >= 0);
    show_content("below it", openat(descriptor, "inner", O_RDONLY));
}

CASE(creat) {
    int descriptor = creat(WORK "/created", 0600);
    show("creat", descriptor);
    show("write", write(descriptor, "x", 1));
    close(descriptor);
    descriptor = creat64(WORK "/created64", 0600);
    show("creat64", descriptor);
    show("missing folder", creat(WORK "/no/created", 0600));
}

CASE(openat_relative) {
    int folder = open(DATA, O_RDONLY | O_DIRECTORY);
    show_content("relative", openat(folder, "file", O_RDONLY));
    show_content("deeper", openat(folder, "folder/inner", O_RDONLY));
    show_content("absolute, descriptor ignored", openat(folder, DATA "/file", O_RDONLY));
    show_content("absolute, no descriptor", openat(-1, DATA "/file", O_RDONLY));
    show_content("relative, no descriptor", openat(-1, "file", O_RDONLY));
    show_content("up and down", openat(folder, "../conformance/file", O_RDONLY));
    show_content("at the working folder", openat(AT_FDCWD, DATA "/file", O_RDONLY));
    show_content("openat64", openat64(folder, "file", O_RDONLY));
    show_content("up beyond the root", openat(folder, "../../../../../../usr/share/conformance/file", O_RDONLY));
    close(folder);
}

CASE(openat_above_root) {
    int root = open("/", O_RDONLY | O_DIRECTORY);
    show_content("..", openat(root, "../usr/share/conformance/file", O_RDONLY));
    show_content("../..", openat(root, "../../etc/conformance-only-in-image", O_RDONLY));
    int share = open("/usr/share", O_RDONLY | O_DIRECTORY);
    show_content("../../..", openat(share, "../../../etc/conformance-only-in-image", O_RDONLY));
    show_content("through a name and up", openat(share, "conformance/../../../../etc/conformance-only-in-image", O_RDONLY));
}

CASE(open_by_syscall) {
#ifdef SYS_open
    show_content("open", (int)syscall(SYS_open, DATA "/file", O_RDONLY));
#else
    show_content("open", open(DATA "/file", O_RDONLY));
#endif
    show_content("openat", (int)syscall(SYS_openat, AT_FDCWD, DATA "/file", O_RDONLY));
    show("create", syscall(SYS_openat, AT_FDCWD, WORK "/by-syscall", O_CREAT | O_WRONLY, 0640));
    struct stat status;
    show_stat("mode", stat(WORK "/by-syscall", &status), &status);
    show("missing", syscall(SYS_openat, AT_FDCWD, DATA "/missing", O_RDONLY));
}

CASE(openat2_by_syscall) {
    struct {
        unsigned long long flags, mode, resolve;
    } how = {O_RDONLY, 0, 0};
    show_content("openat2", (int)syscall(__NR_openat2, AT_FDCWD, DATA "/file", &how, sizeof how));
    int folder = open(DATA, O_RDONLY | O_DIRECTORY);
    show_content("relative", (int)syscall(__NR_openat2, folder, "folder/inner", &how, sizeof how));
    how.resolve = 0x08;  // RESOLVE_BENEATH
    show_content("beneath", (int)syscall(__NR_openat2, folder, "folder/inner", &how, sizeof how));
    how.resolve = 0x04;  // RESOLVE_NO_SYMLINKS
    show_content("no links", (int)syscall(__NR_openat2, folder, "absolute-link", &how, sizeof how));
    how.resolve = 0x10;  // RESOLVE_IN_ROOT
    show_content("in root", (int)syscall(__NR_openat2, folder, "/file", &how, sizeof how));
    how.resolve = 0x10;
    show_content("in root, upward", (int)syscall(__NR_openat2, folder, "../../file", &how, sizeof how));
}

static void show_stream(const char *what, FILE *stream) {
    char bytes[128];
    if (!stream) {
        done(what, 0);
        return;
    }
    text(what, fgets(bytes, sizeof bytes, stream));
    fclose(stream);
}

CASE(fopen_read) {
    show_stream("r", fopen(DATA "/file", "r"));
    show_stream("re", fopen(DATA "/file", "re"));
    show_stream("link", fopen(DATA "/absolute-link", "rb"));
    show_stream("missing", fopen(DATA "/missing", "r"));
    show_stream("fopen64", fopen64(DATA "/file", "r"));
    errno = 0;
    done("wrong mode", fopen(DATA "/file", "q") != NULL);
}

CASE(fopen_write) {
    FILE *stream = fopen(WORK "/stream", "w");
    done("w", stream != NULL);
    fprintf(stream, "line\n");
    fclose(stream);
    stream = fopen(WORK "/stream", "a+");
    done("a+", stream != NULL);
    fprintf(stream, "second\n");
    rewind(stream);
    show_stream("read", stream);
    done("wx", fopen(WORK "/stream", "wx") != NULL);
    done("missing folder", fopen(WORK "/no/stream", "w") != NULL);
}

CASE(freopen) {
    FILE *stream = fopen(DATA "/folder/inner", "r");
    stream = freopen(DATA "/file", "r", stream);
    show_stream("freopen", stream);
    stream = fopen(DATA "/folder/inner", "r");
    show_stream("freopen64", freopen64(DATA "/file", "r", stream));
    stream = fopen(DATA "/folder/inner", "r");
    show_stream("missing", freopen(DATA "/missing", "r", stream));
    done("stdin", freopen(DATA "/file", "r", stdin) != NULL);
    show_stream("from stdin", stdin);
    stream = fopen(WORK "/mode", "w");
    stream = freopen(NULL, "w", stream);
    done("no name, other mode", stream != NULL);
}

CASE(fopen_stdout) {
    done("freopen", freopen(WORK "/output", "w", stdout) != NULL);
    printf("into the file\n");
    fflush(stdout);
    FILE *stream = fopen(WORK "/output", "r");
    char bytes[64] = "";
    fprintf(stderr, "read: %s", fgets(bytes, sizeof bytes, stream) ? bytes : "nothing\n");
}

CASE(name_to_handle) {
    union {
        struct file_handle handle;
        char bytes[sizeof(struct file_handle) + 128];
    } space;
    int mount;
    space.handle.handle_bytes = 0;
    show("size wanted", name_to_handle_at(AT_FDCWD, DATA "/file", &space.handle, &mount, 0));
    show("missing", name_to_handle_at(AT_FDCWD, DATA "/missing", &space.handle, &mount, 0));
}
