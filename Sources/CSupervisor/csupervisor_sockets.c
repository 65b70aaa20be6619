#define _GNU_SOURCE
#include "csupervisor.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static int wait_for(int descriptor, short events, int timeout_milliseconds) {
    struct pollfd one = {.fd = descriptor, .events = events};
    int ready;
    do ready = poll(&one, 1, timeout_milliseconds);
    while (ready < 0 && errno == EINTR);
    if (ready < 0) return -errno;
    return ready == 0 ? -ETIMEDOUT : 0;
}

int csupervisor_connect(uint32_t address, uint16_t port, int timeout_milliseconds) {
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0) return -errno;
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(address)}};
    int failure = connect(made, (struct sockaddr *)&to, sizeof to) == 0 ? 0 : -errno;
    if (failure == -EINPROGRESS || failure == -EINTR) {
        failure = wait_for(made, POLLOUT, timeout_milliseconds);
        socklen_t length = sizeof failure;
        int reason = 0;
        if (failure == 0 && getsockopt(made, SOL_SOCKET, SO_ERROR, &reason, &length) == 0) failure = -reason;
    }
    if (failure != 0) {
        close(made);
        return failure;
    }
    int yes = 1;
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return made;
}

int csupervisor_send(int descriptor, const void *bytes, size_t count, int timeout_milliseconds) {
    for (const char *next = bytes; count > 0;) {
        ssize_t sent = send(descriptor, next, count, MSG_NOSIGNAL);
        if (sent >= 0) {
            next += sent;
            count -= (size_t)sent;
        } else if (errno == EAGAIN) {
            int failure = wait_for(descriptor, POLLOUT, timeout_milliseconds);
            if (failure != 0) return failure;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

int csupervisor_wait(csupervisor_watch *watches, int count, int64_t timeout_milliseconds) {
    struct pollfd list[8];
    if (count > 8) return -EINVAL;
    for (int index = 0; index < count; index++)
        list[index] = (struct pollfd){.fd = watches[index].descriptor, .events = POLLIN};
    int limit = timeout_milliseconds < 0 ? -1 : timeout_milliseconds > 1000000000 ? 1000000000 : (int)timeout_milliseconds;
    int ready = poll(list, (nfds_t)count, limit);
    if (ready < 0 && errno != EINTR) return -errno;
    // After a signal nothing is ready: the caller looks at its clock and comes again.
    for (int index = 0; index < count; index++) watches[index].ready = ready > 0 && list[index].revents != 0;
    return ready < 0 ? 0 : ready;
}
