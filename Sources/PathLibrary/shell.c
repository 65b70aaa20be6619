// system, popen and pclose: the C library's own would start the host's shell.
#include "library.h"

enum {
    signal_block = 0,
    signal_restore = 2,
    interrupt = 2,
    quit = 3,
    child_ended = 17,
    spawn_signal_defaults = 0x04,
    spawn_signal_mask = 0x08,
    set_close_on_exec = 2,
    duplicate_close_on_exec = 1030,
    disable_cancel = 1,
};

// glibc and musl have the same structures here.
typedef struct {
    unsigned long bits[16];
} signal_set;
typedef struct {
    void *handler;
    signal_set mask;
    int flags;
    void *restorer;
} signal_action;
typedef union {
    char bytes[512];
    long aligned;
} opaque;

static void add_signal(signal_set *set, int signal) { set->bits[0] |= 1ul << (signal - 1); }

static int spawn_shell(int *process, const opaque *actions, const opaque *attributes, const char *command) {
    const char *arguments[] = {"sh", "-c", command, NULL};
    return posix_spawn(process, "/bin/sh", actions, attributes, (char *const *)arguments, environ);
}

// Several threads may be in system() at once: the first stops the signals, the last restores them. The lock is its
// holder's process number: one that was held when the process was forked is nobody's in the child.
static int waiters, waiters_process, holder;
static signal_action old_interrupt, old_quit;

static void lock(void) {
    int own = (int)kernel4(__NR_getpid, 0, 0, 0, 0), expected = 0;
    while (!__atomic_compare_exchange_n(&holder, &expected, own, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (expected != own) continue;
        kernel_yield();
        expected = 0;
    }
    if (waiters_process == own) return;
    waiters_process = own;
    waiters = 0;
}
static void unlock(void) { __atomic_store_n(&holder, 0, __ATOMIC_RELEASE); }

// Answers which of the two the child is to have its default for.
static signal_set ignore_keys(void) {
    const signal_action ignore = {.handler = (void *)1};
    signal_set defaults = {{0}};
    lock();
    if (waiters++ == 0) {
        CALL(-1, sigaction, interrupt, &ignore, &old_interrupt);
        CALL(-1, sigaction, quit, &ignore, &old_quit);
    }
    if (old_interrupt.handler != ignore.handler) add_signal(&defaults, interrupt);
    if (old_quit.handler != ignore.handler) add_signal(&defaults, quit);
    unlock();
    return defaults;
}

static void restore_keys(void) {
    lock();
    if (--waiters == 0) {
        CALL(-1, sigaction, interrupt, &old_interrupt, NULL);
        CALL(-1, sigaction, quit, &old_quit, NULL);
    }
    unlock();
}

static int wait_for(int process) {
    int status;
    while (CALL(-1, waitpid, process, &status, 0) < 0)
        if (*error_number() != EINTR) return -1;
    return status;
}

static int run(const char *command, const signal_set *defaults, const signal_set *mask) {
    opaque attributes;
    int process, failure = CALL(ENOSYS, posix_spawnattr_init, &attributes);
    if (failure != 0) return (int)fail(failure);
    CALL(-1, posix_spawnattr_setsigdefault, &attributes, defaults);
    CALL(-1, posix_spawnattr_setsigmask, &attributes, mask);
    CALL(-1, posix_spawnattr_setflags, &attributes, spawn_signal_defaults | spawn_signal_mask);
    failure = spawn_shell(&process, NULL, &attributes, command);
    CALL(-1, posix_spawnattr_destroy, &attributes);
    if (failure == EAGAIN || failure == ENOMEM) return (int)fail(failure);
    // Without a shell it is as if the shell had ended with 127.
    return failure != 0 ? 127 << 8 : wait_for(process);
}

int system(const char *command) {
    if (!is_active()) return CALL(-1, system, command);
    if (command == NULL) return system("exit 0") == 0;
    // A thread that was cancelled in between would leave the signals as they are.
    int cancel = 0;
    __typeof__(&pthread_setcancelstate) set_cancel = NEXT(pthread_setcancelstate);
    if (set_cancel != NULL) set_cancel(disable_cancel, &cancel);
    signal_set ended = {{0}}, mask;
    add_signal(&ended, child_ended);
    signal_set defaults = ignore_keys();
    CALL(-1, sigprocmask, signal_block, &ended, &mask);
    int status = run(command, &defaults, &mask), error = *error_number();
    restore_keys();
    CALL(-1, sigprocmask, signal_restore, &mask, NULL);
    if (set_cancel != NULL) set_cancel(cancel, NULL);
    *error_number() = error;
    return status;
}

// The open pipes to shells. A place is free while its file is NULL, and taken but not yet told while it is `&pipes`.
enum { pipes_limit = 256 };
static struct {
    void *file;
    int process, number;
} pipes[pipes_limit];
static int pipes_open;

static int take_place(void) {
    for (int index = 0; index < pipes_limit; index++) {
        void *nothing = NULL;
        if (__atomic_compare_exchange_n(
                &pipes[index].file, &nothing, (void *)&pipes, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            pipes[index].number = -1;
            __atomic_add_fetch(&pipes_open, 1, __ATOMIC_RELAXED);
            return index;
        }
    }
    return -1;
}

static void free_place(int index) {
    __atomic_store_n(&pipes[index].file, NULL, __ATOMIC_RELEASE);
    __atomic_sub_fetch(&pipes_open, 1, __ATOMIC_RELAXED);
}

// A pipe whose ends are not 0, 1 or 2, so that they cannot be in the way of what the child gets there.
static int make_pipe(int ends[2]) {
    if (CALL(-1, pipe2, ends, O_CLOEXEC) != 0) return -1;
    for (int index = 0; index < 2; index++) {
        if (ends[index] > 2) continue;
        int higher = CALL(-1, fcntl, ends[index], duplicate_close_on_exec, 3);
        kernel_close(ends[index]);
        ends[index] = higher;
    }
    if (ends[0] >= 0 && ends[1] >= 0) return 0;
    int error = *error_number();
    if (ends[0] >= 0) kernel_close(ends[0]);
    if (ends[1] >= 0) kernel_close(ends[1]);
    return (int)fail(error);
}

static int spawn_at_pipe(int *process, int end, bool reads, const char *command) {
    opaque actions;
    int failure = CALL(ENOSYS, posix_spawn_file_actions_init, &actions);
    if (failure != 0) return failure;
    // POSIX: the child has none of the pipes that are open from before.
    for (int index = 0; index < pipes_limit && failure == 0; index++) {
        int number = pipes[index].number;
        if (__atomic_load_n(&pipes[index].file, __ATOMIC_ACQUIRE) != NULL && number > 2)
            failure = CALL(ENOSYS, posix_spawn_file_actions_addclose, &actions, number);
    }
    if (failure == 0) failure = CALL(ENOSYS, posix_spawn_file_actions_adddup2, &actions, end, reads ? 1 : 0);
    if (failure == 0) failure = spawn_shell(process, &actions, NULL, command);
    CALL(-1, posix_spawn_file_actions_destroy, &actions);
    return failure;
}

static void *open_shell(int place, const char *command, bool reads, bool closes) {
    int ends[2];
    if (make_pipe(ends) != 0) return NULL;
    int ours = ends[reads ? 0 : 1], theirs = ends[reads ? 1 : 0];
    void *file = CALL(NULL, fdopen, ours, reads ? "r" : "w");
    int failure = file == NULL ? *error_number() : spawn_at_pipe(&pipes[place].process, theirs, reads, command);
    kernel_close(theirs);
    if (failure != 0) {
        if (file != NULL) CALL(-1, fclose, file);
        else kernel_close(ours);
        return fail(failure), NULL;
    }
    if (!closes) CALL(-1, fcntl, ours, set_close_on_exec, 0);
    pipes[place].number = ours;
    return file;
}

// glibc takes the letters in any order and no others; musl looks at the first, and whether there is an 'e'.
static bool read_mode(const char *mode, bool *reads, bool *closes) {
    *closes = *find_byte(mode, 'e') != 0;
    if (the_settings.is_musl) return (*reads = *mode == 'r') || *mode == 'w';
    *reads = *find_byte(mode, 'r') != 0;
    bool writes = *find_byte(mode, 'w') != 0;
    for (; *mode != 0; mode++)
        if (*find_byte("rwe", *mode) == 0) return false;
    return *reads != writes;
}

void *popen(const char *command, const char *mode) {
    if (!is_active()) return CALL(NULL, popen, command, mode);
    bool reads, closes;
    if (!read_mode(mode, &reads, &closes)) return fail(EINVAL), NULL;
    int place = take_place();
    if (place < 0) return fail(EMFILE), NULL;
    void *file = open_shell(place, command, reads, closes);
    if (file == NULL) free_place(place);
    else __atomic_store_n(&pipes[place].file, file, __ATOMIC_RELEASE);
    return file;
}

void *_IO_popen(const char *command, const char *mode) { return popen(command, mode); }

static int find_place(void *file) {
    if (file == NULL || __atomic_load_n(&pipes_open, __ATOMIC_RELAXED) == 0) return -1;
    for (int index = 0; index < pipes_limit; index++)
        if (__atomic_load_n(&pipes[index].file, __ATOMIC_ACQUIRE) == file) return index;
    return -1;
}

static int close_shell(int place, void *file) {
    int process = pipes[place].process;
    free_place(place);
    CALL(-1, fclose, file);
    return wait_for(process);
}

int pclose(void *file) {
    int place = find_place(file);
    return place < 0 ? CALL(-1, pclose, file) : close_shell(place, file);
}

// glibc's waits for the shell too.
int fclose(void *file) {
    int place = find_place(file);
    return place < 0 ? CALL(-1, fclose, file) : close_shell(place, file);
}

int _IO_fclose(void *file) { return fclose(file); }
