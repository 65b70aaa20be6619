// Programs are started in every way that the C library knows.
#include "conformance.h"

#include <spawn.h>
#include <sys/syscall.h>

static char self[PATH_MAX];

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

CASE(environment) {
    // These are the C library's own, and stay: see docs/relocation.md.
    const char *kept[] = {"LOCPATH=", "GCONV_PATH=", "TZDIR="};
    for (char **variable = environ; *variable; variable++) {
        int skip = 0;
        for (int i = 0; i < 3; i++) skip |= !strncmp(*variable, kept[i], strlen(kept[i]));
        if (!skip) add_line("%s", *variable);
    }
    show_lines("environment");
}

CASE(environment_kept) {
    const char *kept[] = {"LOCPATH", "GCONV_PATH", "TZDIR"};
    for (int i = 0; i < 3; i++) printf("%s: %s\n", kept[i], getenv(kept[i]) ? getenv(kept[i]) : "(none)");
}

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

static char *const words[] = {"own-name", "a", "b c", NULL};

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

static void spawn(const char *what, const char *path, char *const *values, posix_spawn_file_actions_t *actions) {
    pid_t child = -1;
    fflush(stdout);
    int result = posix_spawn(&child, path, actions, NULL, values, environ);
    if (result) {
        printf("%s: %s\n", what, error_name(result));
    } else {
        show_wait(what, child);
    }
}

SHELL_CASE(posix_spawn) {
    spawn("program", self, echo, NULL);
    spawn("script", DATA "/script", words, NULL);
    spawn("nested", DATA "/script-nested", words, NULL);
    spawn("missing", DATA "/missing", words, NULL);
    spawn("not executable", DATA "/file", words, NULL);
    spawn("missing interpreter", DATA "/script-missing", words, NULL);
    spawn("no magic", DATA "/script-no-magic", words, NULL);
    pid_t child;
    show("posix_spawnp", posix_spawnp(&child, "sh", NULL, NULL, (char *[]){"sh", "-c", "exit 3", NULL}, environ) ? -1 : 0);
    printf("posix_spawnp missing: %s\n", error_name(posix_spawnp(&child, "no-such-program", NULL, NULL, words, environ)));
    char *none[] = {NULL};
    int result = posix_spawn(&child, self, NULL, NULL, echo, none);
    show_wait("no environment", child);
    show("no environment", result);
}

CASE(spawn_actions) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 5, DATA "/file", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 6, WORK "/spawned", O_WRONLY | O_CREAT, 0640);
    posix_spawn_file_actions_adddup2(&actions, 5, 0);
    spawn("opened", self, (char *[]){"n", "spawned_reads", NULL}, &actions);
    posix_spawn_file_actions_destroy(&actions);
    show_content("written", open(WORK "/spawned", O_RDONLY));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 5, DATA "/missing", O_RDONLY, 0);
    spawn("missing", self, echo, &actions);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 5, "/tmp/in-tmp", O_WRONLY | O_CREAT, 0600);
    spawn("in /tmp", self, (char *[]){"n", "exec_target", NULL}, &actions);
    posix_spawn_file_actions_destroy(&actions);
}

CASE(spawned_reads) {
    show_content("0", 0);
    show("write", write(6, "spawned", 7));
}

#if !defined __GLIBC__ || __GLIBC_PREREQ(2, 29)
SHELL_CASE(spawn_chdir) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, DATA "/folder");
    spawn("absolute", self, (char *[]){"n", "spawned_where", NULL}, &actions);
    posix_spawn_file_actions_addchdir_np(&actions, "..");
    spawn("then up", self, (char *[]){"n", "spawned_where", NULL}, &actions);
    posix_spawn_file_actions_addopen(&actions, 5, "file", O_RDONLY, 0);
    spawn("then a relative file", self, (char *[]){"n", "spawned_where", NULL}, &actions);
    spawn("a relative script", "./script", words, &actions);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addfchdir_np(&actions, open(DATA "/folder", O_RDONLY | O_DIRECTORY));
    spawn("by descriptor", self, (char *[]){"n", "spawned_where", NULL}, &actions);
    posix_spawn_file_actions_destroy(&actions);
}

#endif

CASE(spawned_where) {
    char space[PATH_MAX];
    text("working folder", getcwd(space, sizeof space));
    if (fcntl(5, F_GETFD) >= 0) show_content("5", 5);
}

SHELL_CASE(spawn_attributes) {
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    posix_spawnattr_setsigmask(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    pid_t child;
    int result = posix_spawn(&child, DATA "/script", NULL, &attributes, words, environ);
    show_wait("spawn", child);
    show("spawn", result);
}

SHELL_CASE(system) {
    show("echo", system("echo from system; cat /usr/share/conformance/file; exit 5") >> 8);
    show("is there a shell", system(NULL));
    show("script", system(DATA "/script a b"));
    show("missing", system("/no/such/program 2>/dev/null") >> 8);
    show("signal", system("kill -9 $$"));
    setenv("CONFORMANCE", "system", 1);
    show("environment", system("echo $CONFORMANCE; pwd"));
}

SHELL_CASE(popen) {
    char bytes[200];
    FILE *stream = popen("cat /usr/share/conformance/file; exit 7", "r");
    done("popen", stream != NULL);
    text("read", fgets(bytes, sizeof bytes, stream));
    show("status", pclose(stream) >> 8);
    stream = popen("cat > " WORK "/piped", "w");
    fputs("through the pipe", stream);
    show("status", pclose(stream));
    show_content("read", open(WORK "/piped", O_RDONLY));
    stream = popen("exit 9", "re");
    show("close on exec", stream ? fcntl(fileno(stream), F_GETFD) : -1);
    show("status", pclose(stream) >> 8);
    stream = popen("kill -15 $$", "r");
    show("status", pclose(stream));
    errno = 0;
    done("wrong mode", popen("true", "q") != NULL);
    FILE *a = popen("cat /usr/share/conformance/file", "r"), *b = popen("cat", "w");
    text("a", fgets(bytes, sizeof bytes, a));
    fputs("b\n", b);
    show("b", pclose(b));
    show("a", pclose(a));
}

SHELL_CASE(popen_is_an_ordinary_stream) {
    FILE *stream = popen("echo one; echo two", "r");
    char bytes[20];
    text("first", fgets(bytes, sizeof bytes, stream));
    int copy = dup(fileno(stream));
    done("dup", copy >= 0);
    text("second", fgets(bytes, sizeof bytes, stream));
    done("end", !fgets(bytes, sizeof bytes, stream) && feof(stream));
    show("status", pclose(stream));
}

SHELL_CASE(vfork_exec) {
    pid_t child = vfork();
    if (!child) {
        execv(DATA "/script", words);
        _exit(111);
    }
    show_wait("script", child);
    child = vfork();
    if (!child) {
        execve(self, echo, given);
        _exit(111);
    }
    show_wait("program", child);
    child = vfork();
    if (!child) {
        execv(DATA "/missing", words);
        _exit(errno == ENOENT ? 44 : 45);
    }
    show_wait("missing", child);
    show_content("the parent still works", open(DATA "/file", O_RDONLY));
    text("environment", getenv("LD_PRELOAD") ? "LD_PRELOAD" : "none");
}

CASE(own_preload) {
    // A library of the program's own goes behind, and is seen as the program set it.
    setenv("LD_PRELOAD", DATA "/plugins/libpreload.so", 1);
    IN_CHILD("preload", execv(self, (char *[]){"n", "preloaded", NULL}));
    unsetenv("LD_PRELOAD");
    IN_CHILD("none", execv(self, (char *[]){"n", "preloaded", NULL}));
    char *environment[] = {"LD_PRELOAD=" DATA "/plugins/libpreload.so " DATA "/plugins/libplug.so", NULL};
    IN_CHILD("two", execve(self, (char *[]){"n", "preloaded", NULL}, environment));
    char *empty[] = {"LD_PRELOAD=", NULL};
    IN_CHILD("empty", execve(self, (char *[]){"n", "preloaded", NULL}, empty));
}

CASE(own_preload_missing) {
    setenv("LD_PRELOAD", DATA "/plugins/libmissing.so", 1);
    IN_CHILD("missing", execv(self, (char *[]){"n", "preloaded", NULL}));
}

CASE(preloaded) {
    text("LD_PRELOAD", getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "(none)");
    show_content("file", open(DATA "/file", O_RDONLY));
    text("answer", getenv("CONFORMANCE_PRELOADED") ? "preloaded" : "not preloaded");
}

CASE(own_library_path) {
    setenv("LD_LIBRARY_PATH", DATA "/plugins", 1);
    IN_CHILD("set", execv(self, (char *[]){"n", "library_path", NULL}));
    setenv("LD_LIBRARY_PATH", DATA "/plugins:/nowhere:relative", 1);
    IN_CHILD("several", execv(self, (char *[]){"n", "library_path", NULL}));
    setenv("LD_LIBRARY_PATH", "", 1);
    IN_CHILD("empty", execv(self, (char *[]){"n", "library_path", NULL}));
    unsetenv("LD_LIBRARY_PATH");
    IN_CHILD("none", execv(self, (char *[]){"n", "library_path_absent", NULL}));
}

#include <dlfcn.h>
CASE(library_path) {
    text("LD_LIBRARY_PATH", getenv("LD_LIBRARY_PATH") ? getenv("LD_LIBRARY_PATH") : "(none)");
    done("by a bare name", dlopen("libneeds-path.so", RTLD_NOW) != NULL);
    // What it was given is handed on.
    fflush(stdout);
    if (!getenv("CONFORMANCE")) {
        setenv("CONFORMANCE", "second", 1);
        IN_CHILD("child", execv(self, (char *[]){"n", "library_path", NULL}));
    }
}
CASE(library_path_absent) { text("LD_LIBRARY_PATH", getenv("LD_LIBRARY_PATH") ? getenv("LD_LIBRARY_PATH") : "(none)"); }

SHELL_CASE(environment_of_process) {
    // Private variables are taken out; nothing is left of them in environ, in getenv or in a child.
    const char *names[] = {"SCAR_PATH_ROOT", "SCAR_PATH_LIBRARY", "SCAR_PATH_FOLDERS", "SCAR_PATH_LOADER", "SCAR_PATH_LOADER_NAMES",
                           "SCAR_PATH_HOST", "SCAR_PATH_AS_ROOT", "SCAR_PATH_KEEP", "SCAR_PATH_MISSED", "SCAR_PATH_OWN_LIBRARY_PATH",
                           "SCAR_PATH_OWN_PRELOAD", "LD_PRELOAD", "LD_LIBRARY_PATH"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) printf("seen: %s\n", names[i]);
    for (char **variable = environ; *variable; variable++)
        if (strstr(*variable, "SCAR_PATH")) text("seen", *variable);
    show("env", system("env | grep -c -e SCAR_PATH -e LD_PRELOAD -e LD_LIBRARY_PATH"));
}

CASE(as_root_is_off) {
    printf("uid %u %u gid %u %u\n", (unsigned)getuid(), (unsigned)geteuid(), (unsigned)getgid(), (unsigned)getegid());
}
