#define _GNU_SOURCE
#include "csupervisor.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nss.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(sizeof(struct sockaddr_in6) <= sizeof(((csupervisor_address *)0)->bytes), "an address fits");

// ---- Names

int csupervisor_address_parse(const char *host, uint16_t port, csupervisor_address *address) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, host, &four.sin_addr) == 1) {
        memcpy(address->bytes, &four, address->length = sizeof four);
        return 1;
    }
    if (inet_pton(AF_INET6, host, &six.sin6_addr) == 1) {
        memcpy(address->bytes, &six, address->length = sizeof six);
        return 1;
    }
    return 0;
}

int csupervisor_address_is_loopback(const csupervisor_address *address) {
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (address->length == sizeof four) {
        memcpy(&four, address->bytes, sizeof four);
        return ntohl(four.sin_addr.s_addr) >> 24 == 127;
    }
    memcpy(&six, address->bytes, sizeof six);
    return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
}

static void use_own_modules(void) {
    // An image's nsswitch.conf may name modules of the image's C library, which must not be loaded into this program.
    __nss_configure_lookup("hosts", "files dns");
}

int csupervisor_resolve(const char *host, uint16_t port, csupervisor_address *addresses, int capacity) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_own_modules);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int failure = getaddrinfo(host, NULL, &hints, &found);
    if (failure != 0) return failure < 0 ? failure : -failure;
    int count = 0;
    for (struct addrinfo *one = found; one != NULL && count < capacity; one = one->ai_next) {
        if (one->ai_addrlen > sizeof addresses->bytes) continue;
        if (one->ai_family == AF_INET) ((struct sockaddr_in *)one->ai_addr)->sin_port = htons(port);
        else if (one->ai_family == AF_INET6) ((struct sockaddr_in6 *)one->ai_addr)->sin6_port = htons(port);
        else continue;
        memset(&addresses[count], 0, sizeof *addresses);
        memcpy(addresses[count].bytes, one->ai_addr, addresses[count].length = one->ai_addrlen);
        count++;
    }
    freeaddrinfo(found);
    return count;
}

const char *csupervisor_resolve_text(int failure) { return gai_strerror(failure); }

// ---- Connections

int csupervisor_connect(const csupervisor_address *address) {
    struct sockaddr_storage to = {0};
    memcpy(&to, address->bytes, address->length);
    int made = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0) return -errno;
    if (connect(made, (struct sockaddr *)&to, address->length) != 0 && errno != EINPROGRESS && errno != EINTR) {
        int failure = -errno;
        close(made);
        return failure;
    }
    int yes = 1;
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return made;
}

int csupervisor_connection_failure(int descriptor) {
    int reason = 0;
    socklen_t length = sizeof reason;
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &reason, &length) == 0 ? reason : errno;
}

long csupervisor_send(int descriptor, const void *bytes, size_t count) {
    ssize_t sent;
    do sent = send(descriptor, bytes, count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

// ---- Waiting

static int limited(int64_t milliseconds) {
    return milliseconds < 0 ? -1 : milliseconds > 1000000000 ? 1000000000 : (int)milliseconds;
}

int csupervisor_wait(csupervisor_watch *watches, int count, int64_t timeout_milliseconds) {
    struct pollfd list[8];
    if (count > 8) return -EINVAL;
    for (int index = 0; index < count; index++)
        list[index] = (struct pollfd){.fd = watches[index].descriptor, .events = POLLIN};
    int ready = poll(list, (nfds_t)count, limited(timeout_milliseconds));
    if (ready < 0 && errno != EINTR) return -errno;
    // After a signal nothing is ready: the caller looks at its clock and comes again.
    for (int index = 0; index < count; index++) watches[index].ready = ready > 0 && list[index].revents != 0;
    return ready < 0 ? 0 : ready;
}

int csupervisor_wait_writable(int descriptor, int64_t timeout_milliseconds) {
    struct pollfd one = {.fd = descriptor, .events = POLLOUT};
    int ready = poll(&one, 1, limited(timeout_milliseconds));
    return ready < 0 ? (errno == EINTR ? 0 : -errno) : ready;
}

void csupervisor_sleep(int64_t milliseconds) { poll(NULL, 0, limited(milliseconds)); }
