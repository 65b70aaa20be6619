// Programs and scripts are started in every way of exec that the C library knows.
#include "exec.h"

#include <spawn.h>
#include <sys/syscall.h>

char self[PATH_MAX];

__attribute__((constructor)) static void find_self(void) {
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length < 0 ? 0 : length] = 0;
}

// What every case below starts: it tells how it was called.
CASE(echo) {
    text("argv[0]", self_name);
    for (int i = 0; i < argument_count; i++) text("argument", arguments[i]);
    char space[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", space, sizeof space - 1);
    space[length < 0 ? 0 : length] = 0;
    printf("same program: %d\n", !strcmp(space, self));
    const char *names[] = {"CONFORMANCE", "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH"};
    for (int i = 0; i < 4; i++) printf("%s=%s\n", names[i], getenv(names[i]) ? getenv(names[i]) : "(none)");
    show_content("file", open(DATA "/file", O_RDONLY));
}

CASE(execv) {
    setenv("CONFORMANCE", "inherited", 1);
    IN_CHILD("execv", execv(self, echo));
    IN_CHILD("execve", execve(self, echo, given));
    IN_CHILD("execl", execl(self, "name", "echo", "l", (char *)NULL));
    IN_CHILD("execle", execle(self, "name", "echo", "le", (char *)NULL, given));
    IN_CHILD("execlp", execlp(self, "name", "echo", "lp", (char *)NULL));
    IN_CHILD("missing", execv(DATA "/missing", echo));
    IN_CHILD("a folder", execv(DATA, echo));
    IN_CHILD("not executable", execv(DATA "/file", echo));
    IN_CHILD("below a file", execv(DATA "/file/x", echo));
    IN_CHILD("the empty path", execv("", echo));
    IN_CHILD("many arguments", execl(self, "name", "echo", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", (char *)NULL));
}

CASE(exec_without_arguments) {
    char *none[] = {NULL};
    IN_CHILD("no environment", execve(self, echo, none));
    IN_CHILD("null environment", execve(self, echo, NULL));
    fflush(stdout);
    clearenv();
    IN_CHILD("after clearenv", execv(self, echo));
    environ = NULL;
    IN_CHILD("environ is null", execv(self, echo));
}

CASE(exec_path_search) {
    char folder[PATH_MAX], path[PATH_MAX * 3];
    snprintf(folder, sizeof folder, "%s", self);
    *strrchr(folder, '/') = 0;
    snprintf(path, sizeof path, "/nowhere:" DATA ":%s:/usr/bin", folder);
    setenv("PATH", path, 1);
    const char *name = strrchr(self, '/') + 1;
    IN_CHILD("execvp", execvp(name, (char *[]){"n", "environment_path", NULL}));
    IN_CHILD("execvp", execvp(name, (char *[]){"n", "exec_target", NULL}));
    IN_CHILD("execlp", execlp(name, "n", "exec_target", (char *)NULL));
    IN_CHILD("execvpe", execvpe(name, (char *[]){"n", "exec_target", NULL}, given));
    IN_CHILD("missing", execvp("no-such-program", echo));
    // Not executable in one folder, missing in the others.
    IN_CHILD("file", execvp("file", echo));
    IN_CHILD("empty", execvp("", echo));
    setenv("PATH", "", 1);
    show("chdir", chdir(folder));
    IN_CHILD("empty PATH is here", execvp(name, (char *[]){"n", "exec_target", NULL}));
    setenv("PATH", "/nowhere:", 1);
    IN_CHILD("empty part is here", execvp(name, (char *[]){"n", "exec_target", NULL}));
    unsetenv("PATH");
    IN_CHILD("no PATH, the default", execvp("sh", (char *[]){"sh", "-c", "echo sh by default", NULL}));
    char local[PATH_MAX + 2];
    snprintf(local, sizeof local, "./%s", name);
    IN_CHILD("relative", execv(local, (char *[]){"n", "exec_target", NULL}));
}

CASE(exec_target) {
    printf("started as %s, CONFORMANCE %s\n", self_name, getenv("CONFORMANCE") ? getenv("CONFORMANCE") : "(none)");
    show_content("file", open(DATA "/file", O_RDONLY));
}

SHELL_CASE(scripts) {
    const char *scripts[] = {"script", "script-argument", "script-spaces", "script-nested", "script-env", "script-missing",
                             "script-crlf", "script-not-executable", "script-no-magic", "script-empty", "script-folder",
                             "script-two-words", "script-no-newline", "script-relative", "script-only-magic", "script-to-program"};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, DATA "/%s", scripts[i]);
        IN_CHILD(scripts[i], execv(path, words));
    }
}

CASE(scripts_deep) {
    IN_CHILD("four", execv(DATA "/deep-4", words));
    IN_CHILD("five", execv(DATA "/deep-5", words));
    IN_CHILD("six", execv(DATA "/deep-6", words));
    IN_CHILD("of itself", execv(DATA "/script-loop", words));
}

CASE(scripts_long_line) {
    IN_CHILD("250 bytes", execv(DATA "/script-250", words));
    IN_CHILD("300 bytes", execv(DATA "/script-300", words));
    IN_CHILD("a long name that is cut", execv(DATA "/script-cut", words));
}

SHELL_CASE(scripts_by_path_search) {
    setenv("PATH", DATA, 1);
    IN_CHILD("execvp", execvp("script", words));
    IN_CHILD("no magic, by a shell", execvp("script-no-magic", words));
    IN_CHILD("empty, by a shell", execvp("script-empty", words));
    IN_CHILD("not executable", execvp("script-not-executable", words));
    IN_CHILD("missing interpreter", execvp("script-missing", words));
    IN_CHILD("execlp, no magic", execlp("script-no-magic", "n", "x", (char *)NULL));
    pid_t child;
    printf("posix_spawnp: %s\n", error_name(posix_spawnp(&child, "script-no-magic", NULL, NULL, words, environ)));
}

SHELL_CASE(scripts_relative) {
    show("chdir", chdir(DATA));
    IN_CHILD("./script", execv("./script", words));
    IN_CHILD("script", execv("script", words));
    IN_CHILD("../conformance/script", execv("../conformance/script", words));
    IN_CHILD("through a link", execv(DATA "/script-link", words));
    show("chdir", chdir("/"));
    IN_CHILD("above the root", execv("../../usr/share/conformance/script", words));
}

SHELL_CASE(script_in_tmp) {
    write_file("/tmp/script", "#!/bin/sh\necho \"in /tmp: $0 $*\"\n");
    chmod("/tmp/script", 0755);
    IN_CHILD("script", execv("/tmp/script", words));
    write_file(WORK "/script", "#!/bin/sh\necho \"in work: $0 $*\"; cat /usr/share/conformance/file\n");
    chmod(WORK "/script", 0755);
    IN_CHILD("script", execv(WORK "/script", words));
    write_file("/tmp/data", "#!/usr/bin/env sh\necho \"env: $0 $*\"\n");
    chmod("/tmp/data", 0755);
    IN_CHILD("env", execv("/tmp/data", words));
}

SHELL_CASE(program_of_the_host) {
    // As if compiled a moment ago: it names the host's loader.
    IN_CHILD("in the package", execl("/var/task/plain", "own-name", "echo", "x", (char *)NULL));
    write_file("/tmp/dummy", "");
    int from = open("/var/task/plain", O_RDONLY), to = open("/tmp/program", O_WRONLY | O_CREAT, 0755);
    static char bytes[1 << 20];
    for (ssize_t length; (length = read(from, bytes, sizeof bytes)) > 0;)
        if (write(to, bytes, (size_t)length) != length) abort();
    close(from), close(to);
    IN_CHILD("in /tmp", execl("/tmp/program", "own-name", "exec_target", (char *)NULL));
    setenv("PATH", "/tmp", 1);
    IN_CHILD("by search", execlp("program", "own-name", "exec_target", (char *)NULL));
    printf("system: %d\n", system("/tmp/program exec_target"));
    pid_t child;
    int result = posix_spawn(&child, "/tmp/program", NULL, NULL, (char *[]){"spawned", "exec_target", NULL}, environ);
    show_wait("spawn", child);
    show("spawn", result);
    unlink("/tmp/program");
}

CASE(program_of_the_host_self) {
    IN_CHILD("its own path", execl("/var/task/plain", "own-name", "readlink_self", (char *)NULL));
}

CASE(static_program) {
    IN_CHILD("static", execl("/var/task/static", "own-name", "x", (char *)NULL));
    IN_CHILD("static, of the image", execl(DATA "/static", "own-name", "x", (char *)NULL));
}

CASE(malformed_programs) {
    const char *files[] = {"bad-empty-elf", "bad-truncated", "bad-machine", "bad-interpreter", "bad-text"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, DATA "/%s", files[i]);
        IN_CHILD(files[i], execv(path, words));
    }
}

SHELL_CASE(fexecve) {
    int program = open(self, O_RDONLY), script = open(DATA "/script", O_RDONLY), missing = open(DATA "/file", O_RDONLY);
    IN_CHILD("program", fexecve(program, echo, given));
    IN_CHILD("script", fexecve(script, words, environ));
    IN_CHILD("not executable", fexecve(missing, words, environ));
    IN_CHILD("no descriptor", fexecve(-1, words, environ));
    int path = open(self, O_PATH | O_CLOEXEC);
    IN_CHILD("path descriptor", fexecve(path, echo, given));
}

SHELL_CASE(execveat) {
    int folder = open(DATA, O_RDONLY | O_DIRECTORY), program = open(self, O_RDONLY);
    IN_CHILD("relative", syscall(SYS_execveat, folder, "script", words, environ, 0));
    IN_CHILD("absolute", syscall(SYS_execveat, folder, DATA "/script", words, environ, 0));
    IN_CHILD("program", syscall(SYS_execveat, -1, self, echo, given, 0));
    IN_CHILD("empty path", syscall(SYS_execveat, program, "", echo, given, AT_EMPTY_PATH));
    IN_CHILD("not followed", syscall(SYS_execveat, folder, "script-link", words, environ, AT_SYMLINK_NOFOLLOW));
    IN_CHILD("execve", syscall(SYS_execve, self, echo, given));
#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
    IN_CHILD("the function", execveat(folder, "script", words, environ, 0));
    IN_CHILD("the function, empty", execveat(program, "", echo, given, AT_EMPTY_PATH));
#endif
#endif
}
