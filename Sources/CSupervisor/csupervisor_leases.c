#define _GNU_SOURCE
#include "csupervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// A write lease makes the kernel stop everybody who opens the file, before they have a descriptor, until the lease ends:
// the loader, a static program and the kernel's own execve no less than a program's open. A signal tells the holder.

enum {
    most_descriptors = 1024,  // as many as a function may have open
    unshare_table = 2,        // CLOSE_RANGE_UNSHARE of Linux 5.9
    default_wait = 45,        // seconds, and so it is where there is no /proc to say
    least_wait = 20,
};

struct csupervisor_holder {
    int thread, is_apart;
    _Atomic int wanted;
    _Atomic int64_t since[most_descriptors];
};

static __thread csupervisor_holder *own_holder;
static _Atomic unsigned all_wanted;
static int64_t longest_wait;
static int can_hold;

// A number of its own, so that several waits are several signals.
static int wanted_signal(void) { return SIGRTMIN + 4; }

static void on_wanted(int number, siginfo_t *news, void *context) {
    (void)number, (void)context;
    csupervisor_holder *holder = own_holder;
    int descriptor = news->si_fd;
    if (holder == NULL || descriptor < 0 || descriptor >= most_descriptors) return;
    int64_t nobody = 0;
    if (atomic_compare_exchange_strong(&holder->since[descriptor], &nobody, csupervisor_monotonic_nanoseconds()))
        atomic_fetch_add(&holder->wanted, 1);
    atomic_fetch_add(&all_wanted, 1);
}

// How long the kernel waits for a lease's holder, in seconds; 0 is for ever.
static int64_t seconds_of_waiting(void) {
    int file = open("/proc/sys/fs/lease-break-time", O_RDONLY | O_CLOEXEC);
    if (file < 0) return default_wait;
    char text[16];
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return default_wait;
    text[length] = 0;
    return atoi(text);
}

static void prepare(void) {
    struct sigaction action = {.sa_sigaction = on_wanted, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    int64_t seconds = seconds_of_waiting();
    longest_wait = seconds == 0 ? INT64_MAX : seconds * 1000000000;
    // What does not fit the queue of signals comes as a SIGIO, which would end the process.
    can_hold = (seconds == 0 || seconds >= least_wait) && sigaction(wanted_signal(), &action, NULL) == 0 &&
               sigaction(SIGIO, &ignored, NULL) == 0;
}

csupervisor_holder *csupervisor_holder_make(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    struct rlimit open_files;
    if (!can_hold || getrlimit(RLIMIT_NOFILE, &open_files) != 0 || open_files.rlim_cur < most_descriptors) return NULL;
    csupervisor_holder *holder = calloc(1, sizeof *holder);
    if (holder == NULL) return NULL;
    holder->thread = gettid();
    // Nothing is open there: the range closes nothing, and the table is the thread's own. Like unshare(CLONE_FILES), which
    // sandboxes refuse because it can also make namespaces.
    holder->is_apart = syscall(SYS_close_range, 1u << 30, 1u << 30, unshare_table) == 0;
    own_holder = holder;
    return holder;
}

void csupervisor_holder_free(csupervisor_holder *holder) {
    own_holder = NULL;
    free(holder);
}

int csupervisor_holder_is_apart(const csupervisor_holder *holder) { return holder->is_apart; }

int csupervisor_hold(csupervisor_holder *holder, int descriptor) {
    if (descriptor >= most_descriptors) return -EMFILE;
    struct f_owner_ex owner = {F_OWNER_TID, holder->thread};
    if (fcntl(descriptor, F_SETOWN_EX, &owner) != 0 || fcntl(descriptor, F_SETSIG, wanted_signal()) != 0 ||
        fcntl(descriptor, F_SETLEASE, F_WRLCK) != 0)
        return -errno;
    return 0;
}

int64_t csupervisor_wanted_since(const csupervisor_holder *holder, int descriptor) {
    return descriptor < most_descriptors ? atomic_load(&holder->since[descriptor]) : 0;
}

void csupervisor_let_go(csupervisor_holder *holder, int descriptor) {
    if (descriptor < most_descriptors && atomic_exchange(&holder->since[descriptor], 0) != 0)
        atomic_fetch_sub(&holder->wanted, 1);
}

int csupervisor_wanted(const csupervisor_holder *holder) { return atomic_load(&holder->wanted); }
unsigned csupervisor_all_wanted(void) { return atomic_load_explicit(&all_wanted, memory_order_relaxed); }
int csupervisor_most_descriptors(void) { return most_descriptors; }
int64_t csupervisor_longest_wait(void) { return longest_wait; }
