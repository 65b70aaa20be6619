// Many at once, in small spaces, in the middle of things.
#include "conformance.h"

#include <pthread.h>
#include <spawn.h>

static void *work(void *argument) {
    long errors = 0;
    char space[PATH_MAX];
    for (int i = 0; i < 300; i++) {
        struct stat status;
        if (stat(DATA "/file", &status) || status.st_size != 5) errors++;
        int file = open(DATA "/folder-link/inner", O_RDONLY);
        if (file < 0) errors++;
        close(file);
        if (!realpath(DATA "/absolute-link", space) || strcmp(space, DATA "/file")) errors++;
        if (readlink("/proc/self/exe", space, sizeof space) < 0) errors++;
        if (open(DATA "/missing", O_RDONLY) != -1 || errno != ENOENT) errors++;
    }
    (void)argument;
    return (void *)errors;
}

static void run_threads(int count, size_t stack, void *(*body)(void *)) {
    pthread_t threads[64];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (stack) show("stack", pthread_attr_setstacksize(&attributes, stack));
    long errors = 0;
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], &attributes, body, NULL)) abort();
    for (int i = 0; i < count; i++) {
        void *result;
        pthread_join(threads[i], &result);
        errors += (long)result;
    }
    show("errors", errors);
}

CASE(threads) { run_threads(32, 0, work); }

// A path library that works on the stack must be content with little.
CASE(small_stacks) { run_threads(4, ((size_t)PTHREAD_STACK_MIN > 16384 ? (size_t)PTHREAD_STACK_MIN : 16384) + 64 * 1024, work); }

static void *start(void *argument) {
    (void)argument;
    long errors = 0;
    for (int i = 0; i < 5; i++) {
        pid_t child;
        int status = 0;
        if (posix_spawn(&child, DATA "/script-quiet", NULL, NULL, (char *[]){"n", NULL}, environ)) {
            errors++;
            continue;
        }
        if (waitpid(child, &status, 0) != child || status != 3 << 8) errors++;
    }
    return (void *)errors;
}

SHELL_CASE(threads_spawn) { run_threads(8, 0, start); }
SHELL_CASE(small_stacks_spawn) { run_threads(2, ((size_t)PTHREAD_STACK_MIN > 16384 ? (size_t)PTHREAD_STACK_MIN : 16384) + 64 * 1024, start); }

static volatile int stopping;
static void *busy(void *argument) {
    (void)argument;
    struct stat status;
    while (!stopping) stat(DATA "/file", &status);
    return NULL;
}

SHELL_CASE(fork_in_threads) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, busy, NULL);
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (!child) {
            struct stat status;
            int good = !stat(DATA "/file", &status) && open(DATA "/file", O_RDONLY) >= 0;
            if (good) execv(DATA "/script-quiet", (char *[]){"n", NULL});
            _exit(9);
        }
        int status;
        waitpid(child, &status, 0);
        if (status != 3 << 8) printf("child %d: %d\n", i, status);
    }
    stopping = 1;
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    printf("done\n");
}

static volatile sig_atomic_t handled, failed;
static void handler(int signal) {
    int saved = errno, file = open(DATA "/file", O_RDONLY);
    struct stat status;
    if (file < 0 || stat(DATA "/folder", &status)) failed++;
    close(file);
    handled++;
    errno = saved;
    // The next one comes after this one has ended, however slow the machine is: the program goes on between them.
    if (signal == SIGALRM && handled < 100) ualarm(500, 0);
}

CASE(signal_handler_opens) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    ualarm(500, 0);
    long errors = 0;
    char space[PATH_MAX];
    while (handled < 100) {
        struct stat status;
        if (stat(DATA "/file", &status)) errors++;
        if (!realpath(DATA "/absolute-link", space)) errors++;
    }
    printf("errors %ld, failed %d\n", errors, (int)failed);
}

static char alternate[32768];
static void on_stack(int signal) {
    handler(signal);
}

CASE(signal_stack) {
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    show("sigaltstack", sigaltstack(&stack, NULL));
    struct sigaction action = {.sa_handler = on_stack, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    printf("handled %d, failed %d\n", (int)handled, (int)failed);
}

CASE(errno_is_kept) {
    struct stat status;
    errno = 77;
    (void)!stat(DATA "/file", &status);
    printf("after success: %d\n", errno);
    errno = 77;
    char space[PATH_MAX];
    (void)!readlink("/proc/self/exe", space, sizeof space);
    printf("after readlink: %d\n", errno);
    errno = 77;
    int file = open(DATA "/absolute-link", O_RDONLY);
    printf("after open: %d\n", errno);
    close(file);
    (void)!getcwd(space, sizeof space);
    printf("after getcwd: %d\n", errno);
}

static void at_exit(void) { show_content("at exit", open(DATA "/file", O_RDONLY)); }
__attribute__((destructor)) static void at_the_end(void) {
    if (getenv("CONFORMANCE_END")) show_content("in a destructor", open(DATA "/file", O_RDONLY));
}
CASE(at_exit) {
    setenv("CONFORMANCE_END", "1", 1);
    atexit(at_exit);
}

static char before_main[64];
__attribute__((constructor)) static void early(void) {
    int file = open(DATA "/file", O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, before_main, sizeof before_main - 1);
    if (length < 0) strcpy(before_main, error_name(errno));
    if (file >= 0) close(file);
}
CASE(before_main) { text("in a constructor", before_main); }

CASE(uses_malloc_of_its_own) {
    // Nothing is allocated behind a program's back between two calls.
    void *before = malloc(100);
    free(before);
    struct stat status;
    for (int i = 0; i < 50; i++) (void)!stat(DATA "/file", &status);
    void *after = malloc(100);
    printf("same place: %d\n", before == after);
    free(after);
}
