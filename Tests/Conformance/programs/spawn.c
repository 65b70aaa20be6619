// Children are started in every way that is not an exec: spawn, system, popen and vfork.
#include "exec.h"

#include <spawn.h>

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
