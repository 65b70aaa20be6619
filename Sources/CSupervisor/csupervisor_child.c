#define _GNU_SOURCE
#include "csupervisor.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Between fork and exec, and in the keeper, which never execs, only async-signal-safe calls are made: the caller may
// have threads, and the memory allocator's locks may be taken for ever.

typedef struct {
    const char *path, *folder;
    char **arguments, **environment;
    int output, errors, news;
} launch;

static void tell(int news, int kind, int value) {
    csupervisor_news record = {kind, value};
    // Smaller than PIPE_BUF: whole or not at all. With nobody left to read there is nobody to tell.
    if (write(news, &record, sizeof record) < 0) return;
}

static void reset_signals(void) {
    // SIGPIPE is ignored in the supervisor, and what is ignored stays so through exec.
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void become_program(const launch *program) {
    signal(SIGTERM, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing < 0) {
        // An image without devices: a pipe that nobody writes ends at once, too.
        int empty[2];
        if (pipe(empty) == 0) {
            nothing = empty[0];
            close(empty[1]);
        }
    }
    if (nothing > 0) {
        dup2(nothing, 0);
        close(nothing);
    }
    // Where the pipes' own numbers are 0 to 2 they were moved up before.
    dup2(program->output, 1);
    dup2(program->errors, 2);
    if (program->folder != NULL && chdir(program->folder) != 0) {
        tell(program->news, 2, errno);
        _exit(127);
    }
    execve(program->path, program->arguments, program->environment);
    tell(program->news, 2, errno);
    _exit(127);
}

// The parent of a process, out of /proc/N/stat: `N (name, which may hold anything) S parent …`.
static int parent_of(const char *number) {
    char path[32] = "/proc/", text[512];
    strcat(strncat(path, number, 12), "/stat");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return -1;
    text[length] = 0;
    char *end = strrchr(text, ')');
    if (end == NULL || strlen(end) < 4) return -1;
    int parent = 0;
    for (const char *digit = end + 4; isdigit((unsigned char)*digit); digit++) parent = parent * 10 + (*digit - '0');
    return parent;
}

typedef struct {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
} directory_entry;

// Ends every child. What these leave behind comes to us as the subreaper and is found the next time.
static void end_children(void) {
    int processes = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (processes < 0) return;
    _Alignas(8) char buffer[4096];
    long length;
    int self = getpid();
    while ((length = syscall(SYS_getdents64, processes, buffer, sizeof buffer)) > 0) {
        for (long place = 0; place < length;) {
            const directory_entry *entry = (const directory_entry *)(buffer + place);
            place += entry->length;
            if (!isdigit((unsigned char)entry->name[0])) continue;
            if (parent_of(entry->name) != self) continue;
            int process = 0;
            for (const char *digit = entry->name; isdigit((unsigned char)*digit); digit++)
                process = process * 10 + (*digit - '0');
            if (process > 1) kill(process, SIGKILL);
        }
    }
    close(processes);
}

static void end_descendants(int group) {
    kill(-group, SIGKILL);
    // Each round ends at least one level. A process that the kernel will not end holds us up for 2 seconds, no more.
    for (int round = 0; round < 2000; round++) {
        int reaped;
        while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0) {}
        if (reaped < 0 && errno == ECHILD) return;
        end_children();
        struct timespec moment = {.tv_nsec = round < 10 ? 100000 : 1000000};
        nanosleep(&moment, NULL);
    }
}

// The program's group, for the handler: a keeper keeps one program.
static volatile sig_atomic_t kept_group;

// The supervisor has gone: nothing of the program may outlive it. All that is called is async-signal-safe.
static void on_orphaned(int number) {
    (void)number;
    if (kept_group > 1) end_descendants(kept_group);
    _exit(0);
}

_Noreturn static void keep(const launch *program, int supervisor) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setsid();
    reset_signals();
    signal(SIGTERM, on_orphaned);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != supervisor) _exit(0);
    int process = fork();
    if (process == 0) become_program(program);
    if (process < 0) {
        tell(program->news, 2, errno);
        _exit(0);
    }
    // Both sides do it: the group must be there before anyone is told of it, and before the program runs.
    setpgid(process, process);
    kept_group = process;
    close(program->output);
    close(program->errors);
    tell(program->news, 1, process);
    int status = 0, ended;
    do ended = waitpid(-1, &status, 0);
    while (ended != process && !(ended < 0 && errno != EINTR));
    tell(program->news, 3, status);
    end_descendants(process);
    _exit(0);
}

// In the keeper: leaves it with standard descriptors and the three pipes, whatever the caller had open.
static void close_others(launch *program) {
    int low = 1 << 30;
    int kept[3] = {program->output, program->errors, program->news};
    for (int index = 0; index < 3; index++) {
        // Above the standard three, which the program's own are moved onto.
        if (kept[index] < 3) kept[index] = fcntl(kept[index], F_DUPFD_CLOEXEC, 3);
        if (kept[index] < low) low = kept[index];
    }
    program->output = kept[0];
    program->errors = kept[1];
    program->news = kept[2];
    int last = 3;
    for (;;) {
        int next = 1 << 30;
        for (int index = 0; index < 3; index++)
            if (kept[index] >= last && kept[index] < next) next = kept[index];
        if (next == 1 << 30) break;
        if (next > last) syscall(SYS_close_range, last, next - 1, 0);
        last = next + 1;
    }
    syscall(SYS_close_range, last, ~0U, 0);
}

static char **split(const char *text, size_t count) {
    char **items = calloc(count + 1, sizeof *items);
    if (items == NULL) return NULL;
    for (size_t index = 0; index < count; index++, text += strlen(text) + 1) items[index] = (char *)text;
    return items;
}

int csupervisor_start(
    const void *path, const void *arguments, size_t argument_count, const void *environment,
    size_t variable_count, const void *folder, csupervisor_child *child) {
    launch program = {.path = path, .folder = folder};
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    int failure = 0;
    program.arguments = split(arguments, argument_count);
    program.environment = split(environment, variable_count);
    if (program.arguments == NULL || program.environment == NULL) failure = -ENOMEM;
    for (int index = 0; index < 3 && failure == 0; index++)
        if (pipe2(pipes[index], O_CLOEXEC) != 0) failure = -errno;
    int keeper = -1;
    if (failure == 0) {
        program.output = pipes[0][1];
        program.errors = pipes[1][1];
        program.news = pipes[2][1];
        int self = getpid();
        keeper = fork();
        if (keeper == 0) {
            close_others(&program);
            keep(&program, self);
        }
        if (keeper < 0) failure = -errno;
    }
    free(program.arguments);
    free(program.environment);
    for (int index = 0; index < 3; index++) {
        if (pipes[index][1] >= 0) close(pipes[index][1]);
        if (failure != 0 && pipes[index][0] >= 0) close(pipes[index][0]);
    }
    if (failure != 0) return failure;
    // A last read of what a pipe still holds must never wait.
    for (int index = 0; index < 3; index++) fcntl(pipes[index][0], F_SETFL, O_NONBLOCK);
    *child = (csupervisor_child){keeper, pipes[0][0], pipes[1][0], pipes[2][0]};
    return 0;
}

void csupervisor_signal_group(int process, int number) {
    if (process > 1) kill(-process, number);
}

void csupervisor_reap(int keeper) {
    int status;
    while (waitpid(keeper, &status, 0) < 0 && errno == EINTR) {}
}

int csupervisor_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
int csupervisor_ending_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
