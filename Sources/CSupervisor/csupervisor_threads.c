#define _GNU_SOURCE
#include "csupervisor.h"
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

struct csupervisor_monitor {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
};

csupervisor_monitor *csupervisor_monitor_make(void) {
    csupervisor_monitor *monitor = malloc(sizeof *monitor);
    // A few dozen bytes: without them there is nothing to go on with.
    if (monitor == NULL) abort();
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&monitor->mutex, NULL);
    pthread_cond_init(&monitor->condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return monitor;
}

void csupervisor_monitor_free(csupervisor_monitor *monitor) {
    pthread_cond_destroy(&monitor->condition);
    pthread_mutex_destroy(&monitor->mutex);
    free(monitor);
}

void csupervisor_monitor_lock(csupervisor_monitor *monitor) { pthread_mutex_lock(&monitor->mutex); }
void csupervisor_monitor_unlock(csupervisor_monitor *monitor) { pthread_mutex_unlock(&monitor->mutex); }
void csupervisor_monitor_notify(csupervisor_monitor *monitor) { pthread_cond_broadcast(&monitor->condition); }

void csupervisor_monitor_wait(csupervisor_monitor *monitor, int64_t deadline_nanoseconds) {
    if (deadline_nanoseconds < 0) {
        pthread_cond_wait(&monitor->condition, &monitor->mutex);
        return;
    }
    struct timespec until = {
        .tv_sec = deadline_nanoseconds / 1000000000, .tv_nsec = deadline_nanoseconds % 1000000000};
    pthread_cond_timedwait(&monitor->condition, &monitor->mutex, &until);
}

int csupervisor_start_thread(void *(*body)(void *), void *context) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    pthread_t thread;
    int failure = pthread_create(&thread, &attributes, body, context);
    pthread_attr_destroy(&attributes);
    return -failure;
}

int csupervisor_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return CPU_COUNT(&set);
}

// On Linux the number is a thread's, and 0 the caller's.
void csupervisor_yield_processors(void) { setpriority(PRIO_PROCESS, 0, 10); }

void csupervisor_trim_memory(void) { malloc_trim(0); }
