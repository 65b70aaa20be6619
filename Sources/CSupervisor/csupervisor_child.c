#define _GNU_SOURCE
#include "csupervisor.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
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

// The pipes between the supervisor and a child, in the order of `launch.ends`. A worker has all of them.
enum { output_pipe, errors_pipe, news_pipe, requests_pipe, answers_pipe, all_pipes };
// Where a worker finds its two.
enum { requests_descriptor = 3, answers_descriptor = 4, first_free_descriptor = 5 };

typedef struct {
    const char *path, *folder;
    char **arguments, **environment;
    int pipes;            // how many there are
    int ends[all_pipes];  // the child's ends
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

// What the keeper waits for: the end of a child, and the wish that it sweep up.
static sigset_t kept_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGUSR1);
    return set;
}

// A file that has just got its bytes may still be open for writing, for a moment.
enum { busy_tries = 1000 };

static void execute(const launch *program) {
    for (int tries = 0; tries < busy_tries; tries++) {
        execve(program->path, program->arguments, program->environment);
        if (errno != ETXTBSY) return;
        sched_yield();
    }
}

_Noreturn static void become_program(const launch *program, int keeper) {
    reset_signals();
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper) _exit(127);
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
    // The pipes' own numbers are higher: they were moved up before.
    dup2(program->ends[output_pipe], 1);
    dup2(program->ends[errors_pipe], 2);
    if (program->pipes == all_pipes) {
        dup2(program->ends[requests_pipe], requests_descriptor);
        dup2(program->ends[answers_pipe], answers_descriptor);
    }
    if (program->folder != NULL && chdir(program->folder) != 0) {
        tell(program->ends[news_pipe], 2, errno);
        _exit(127);
    }
    execute(program);
    tell(program->ends[news_pipe], 2, errno);
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

// Ends every child but one. What these leave behind comes to us as the subreaper and is found the next time.
// How many there were.
static int end_children(int spared) {
    int processes = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (processes < 0) return 0;
    _Alignas(8) char buffer[4096];
    long length;
    int self = getpid(), ended = 0;
    while ((length = syscall(SYS_getdents64, processes, buffer, sizeof buffer)) > 0) {
        for (long place = 0; place < length;) {
            const directory_entry *entry = (const directory_entry *)(buffer + place);
            place += entry->length;
            if (!isdigit((unsigned char)entry->name[0])) continue;
            if (parent_of(entry->name) != self) continue;
            int process = 0;
            for (const char *digit = entry->name; isdigit((unsigned char)*digit); digit++)
                process = process * 10 + (*digit - '0');
            if (process <= 1 || process == spared) continue;
            kill(process, SIGKILL);
            ended++;
        }
    }
    close(processes);
    return ended;
}

// Each round ends at least one level. A process that the kernel will not end holds us up for 2 seconds, no more, however
// long a round takes on a machine with much to do.
enum { longest_sweep = 2 };

static int is_over(time_t until) {
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) != 0 || now.tv_sec > until;
}

static time_t end_of_sweep(void) {
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? now.tv_sec + longest_sweep : 0;
}

static void rest(int round) {
    struct timespec moment = {.tv_nsec = round < 10 ? 100000 : 1000000};
    nanosleep(&moment, NULL);
}

static void end_descendants(int group) {
    if (group > 1) kill(-group, SIGKILL);
    time_t until = end_of_sweep();
    for (int round = 0; !is_over(until); round++) {
        int reaped;
        while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0) {}
        if (reaped < 0 && errno == ECHILD) return;
        end_children(0);
        rest(round);
    }
}

// Reaps what has ended; 1 when the kept process was among it.
static int reap_until(int process, int *status) {
    int reaped, ended;
    while ((reaped = waitpid(-1, &ended, WNOHANG)) > 0) {
        if (reaped != process) continue;
        *status = ended;
        return 1;
    }
    return 0;
}

// Ends what a worker's program has left behind, and spares the worker; 1 when the worker has ended itself.
static int sweep(int worker, int *status) {
    time_t until = end_of_sweep();
    for (int round = 0; !is_over(until); round++) {
        if (reap_until(worker, status)) return 1;
        if (end_children(worker) == 0) return 0;
        rest(round);
    }
    return 0;
}

// The program's group, for the handler: a keeper keeps one program.
static volatile sig_atomic_t kept_group;

// The supervisor has gone: nothing of the program may outlive it. All that is called is async-signal-safe.
static void on_orphaned(int number) {
    (void)number;
    end_descendants(kept_group);
    _exit(0);
}

// Waits for the end of the kept process, sweeping up whenever that is asked for: its wait status.
static int await_end(int process, int news) {
    sigset_t set = kept_signals();
    int status = 0;
    while (!reap_until(process, &status)) {
        if (sigwaitinfo(&set, NULL) != SIGUSR1) continue;
        if (sweep(process, &status)) break;
        tell(news, 4, 0);
    }
    return status;
}

_Noreturn static void keep(const launch *program, int supervisor) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setsid();
    reset_signals();
    signal(SIGTERM, on_orphaned);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != supervisor) _exit(0);
    // Before there is a child that could end: what is blocked waits to be asked for.
    sigset_t set = kept_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
    int self = getpid();
    int process = fork();
    if (process == 0) become_program(program, self);
    if (process < 0) {
        tell(program->ends[news_pipe], 2, errno);
        _exit(0);
    }
    // Both sides do it: the group must be there before anyone is told of it, and before the program runs.
    setpgid(process, process);
    kept_group = process;
    for (int index = 0; index < program->pipes; index++)
        if (index != news_pipe) close(program->ends[index]);
    tell(program->ends[news_pipe], 1, process);
    int status = await_end(process, program->ends[news_pipe]);
    tell(program->ends[news_pipe], 3, status);
    end_descendants(process);
    _exit(0);
}

// In the keeper: leaves it with standard descriptors and the pipes, whatever the caller had open.
static void close_others(launch *program) {
    for (int index = 0; index < program->pipes; index++)
        // Above those that the program's own are moved onto.
        if (program->ends[index] < first_free_descriptor)
            program->ends[index] = fcntl(program->ends[index], F_DUPFD_CLOEXEC, first_free_descriptor);
    int last = 3;
    for (;;) {
        int next = 1 << 30;
        for (int index = 0; index < program->pipes; index++)
            if (program->ends[index] >= last && program->ends[index] < next) next = program->ends[index];
        if (next == 1 << 30) break;
        if (next > last) syscall(SYS_close_range, last, next - 1, 0);
        last = next + 1;
    }
    syscall(SYS_close_range, last, ~0U, 0);
}

// The group that runs now, for the handler below.
static volatile sig_atomic_t watched_group;

void csupervisor_watch_over(int group) { watched_group = group; }

static volatile sig_atomic_t told_code, told_rounds;

// Whoever runs us wants the end. All that is called is async-signal-safe. The keepers learn of our end and kill what is
// left.
static void on_told(int number) {
    (void)number;
    int group = watched_group;
    if (group > 1 && kill(-group, SIGTERM) == 0) {
        struct timespec moment = {.tv_nsec = 10000000};
        for (int round = 0; round < told_rounds && kill(-group, 0) == 0; round++) nanosleep(&moment, NULL);
    }
    _exit(told_code);
}

void csupervisor_end_when_told(int code, int milliseconds) {
    told_code = code;
    told_rounds = milliseconds / 10;
    signal(SIGTERM, on_told);
    // Whoever started us may have blocked it, and that is inherited.
    sigset_t told;
    sigemptyset(&told);
    sigaddset(&told, SIGTERM);
    sigprocmask(SIG_UNBLOCK, &told, NULL);
}

void csupervisor_end_with(int parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) on_told(SIGTERM);
}

static char **split(const char *text, size_t count) {
    char **items = calloc(count + 1, sizeof *items);
    if (items == NULL) return NULL;
    for (size_t index = 0; index < count; index++, text += strlen(text) + 1) items[index] = (char *)text;
    return items;
}

int csupervisor_start(
    const void *path, const void *arguments, size_t argument_count, const void *environment,
    size_t variable_count, const void *folder, int is_worker, csupervisor_child *child) {
    launch program = {.path = path, .folder = folder, .pipes = is_worker ? all_pipes : requests_pipe};
    int ours[all_pipes] = {-1, -1, -1, -1, -1};
    int failure = 0;
    for (int index = 0; index < all_pipes; index++) program.ends[index] = -1;
    program.arguments = split(arguments, argument_count);
    program.environment = split(environment, variable_count);
    if (program.arguments == NULL || program.environment == NULL) failure = -ENOMEM;
    for (int index = 0; index < program.pipes && failure == 0; index++) {
        int made[2];
        if (pipe2(made, O_CLOEXEC) != 0) {
            failure = -errno;
            break;
        }
        // Requests alone go the other way.
        ours[index] = made[index == requests_pipe];
        program.ends[index] = made[index != requests_pipe];
    }
    int keeper = -1;
    if (failure == 0) {
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
    for (int index = 0; index < program.pipes; index++) {
        if (program.ends[index] >= 0) close(program.ends[index]);
        if (failure != 0 && ours[index] >= 0) close(ours[index]);
        // A last read of what a pipe still holds must never wait, nor a request for a worker that does not read.
        if (failure == 0) fcntl(ours[index], F_SETFL, O_NONBLOCK);
    }
    if (failure != 0) return failure;
    *child = (csupervisor_child){
        keeper, ours[output_pipe], ours[errors_pipe], ours[news_pipe], ours[requests_pipe], ours[answers_pipe]};
    return 0;
}

void csupervisor_signal_group(int process, int number) {
    if (process > 1) kill(-process, number);
}

void csupervisor_sweep(int keeper) {
    if (keeper > 1) kill(keeper, SIGUSR1);
}

void csupervisor_reap(int keeper) {
    int status;
    while (waitpid(keeper, &status, 0) < 0 && errno == EINTR) {}
}

int csupervisor_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
int csupervisor_ending_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
