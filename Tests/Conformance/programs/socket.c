// Sockets that have names in the file system.
#include "conformance.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t name(struct sockaddr_un *address, const char *path) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    strncpy(address->sun_path, path, sizeof address->sun_path);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

static void show_address(const char *what, int result, const struct sockaddr_un *address, socklen_t length) {
    if (result < 0) {
        show(what, result);
        return;
    }
    printf("%s: length %u ", what, (unsigned)length);
    text("path", length > offsetof(struct sockaddr_un, sun_path) ? address->sun_path : "");
}

CASE(stream_socket) {
    struct sockaddr_un address;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t length = name(&address, WORK "/socket");
    show("connect before", connect(client, (struct sockaddr *)&address, length));
    show("bind", bind(server, (struct sockaddr *)&address, length));
    show("bind again", bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length));
    show("listen", listen(server, 4));
    show("connect", connect(client, (struct sockaddr *)&address, length));
    memset(&address, 0, sizeof address), length = sizeof address;
    int accepted = accept(server, (struct sockaddr *)&address, &length);
    show_address("accept", accepted < 0 ? -1 : 0, &address, length);
    length = sizeof address;
    show_address("getsockname", getsockname(server, (struct sockaddr *)&address, &length), &address, length);
    length = sizeof address;
    show_address("getpeername", getpeername(client, (struct sockaddr *)&address, &length), &address, length);
    length = sizeof address;
    show_address("accepted", getsockname(accepted, (struct sockaddr *)&address, &length), &address, length);
    show("send", send(client, "hello", 5, 0));
    char bytes[16] = "";
    show("recv", recv(accepted, bytes, sizeof bytes, 0));
    text("bytes", bytes);
    struct stat status;
    show_stat("socket", stat(WORK "/socket", &status), &status);
}

CASE(socket_short_buffer) {
    struct sockaddr_un address;
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    show("bind", bind(server, (struct sockaddr *)&address, name(&address, WORK "/socket")));
    memset(&address, '#', sizeof address);
    socklen_t length = 6;
    show("getsockname", getsockname(server, (struct sockaddr *)&address, &length));
    printf("length %u, bytes %.5s\n", (unsigned)length, address.sun_path);
    length = 0;
    show("no room", getsockname(server, (struct sockaddr *)&address, &length));
    printf("length %u\n", (unsigned)length);
}

CASE(datagram_socket) {
    struct sockaddr_un address, own;
    int server = socket(AF_UNIX, SOCK_DGRAM, 0), client = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t length = name(&address, WORK "/server");
    show("bind", bind(server, (struct sockaddr *)&address, length));
    show("bind client", bind(client, (struct sockaddr *)&own, name(&own, WORK "/client")));
    show("sendto", sendto(client, "one", 3, 0, (struct sockaddr *)&address, length));
    struct iovec part = {"two", 3};
    struct msghdr message = {.msg_name = &address, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1};
    show("sendmsg", sendmsg(client, &message, 0));
    struct mmsghdr many[1] = {{.msg_hdr = message}};
    show("sendmmsg", sendmmsg(client, many, 1, 0));
    for (int i = 0; i < 2; i++) {
        char bytes[16] = "";
        length = sizeof own;
        show("recvfrom", recvfrom(server, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&own, &length));
        text("bytes", bytes);
        show_address("from", 0, &own, length);
    }
    char bytes[16] = "";
    struct iovec into = {bytes, sizeof bytes};
    struct msghdr incoming = {.msg_name = &own, .msg_namelen = sizeof own, .msg_iov = &into, .msg_iovlen = 1};
    show("recvmsg", recvmsg(server, &incoming, MSG_DONTWAIT));
    show_address("from", 0, &own, incoming.msg_namelen);
    show("missing", sendto(client, "x", 1, 0, (struct sockaddr *)&address, name(&address, WORK "/missing")));
}

// What is told of an address that was cut is its whole length; behind its room is somebody else's.
CASE(many_messages_short_buffer) {
    enum { room = 20, count = 2 };
    struct sockaddr_un address, own;
    int server = socket(AF_UNIX, SOCK_DGRAM, 0), client = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t length = name(&address, WORK "/server");
    show("bind", bind(server, (struct sockaddr *)&address, length));
    show("bind client", bind(client, (struct sockaddr *)&own, name(&own, WORK "/client-whose-name-has-fifty-bytes-at-least")));
    struct mmsghdr many[count];
    struct iovec parts[count];
    char bytes[count][8] = {"", ""};
    unsigned char names[count][sizeof own];
    memset(many, 0, sizeof many);
    for (int i = 0; i < count; i++) {
        show("sendto", sendto(client, i == 0 ? "one" : "two", 3, 0, (struct sockaddr *)&address, length));
        for (size_t at = 0; at < sizeof own; at++) names[i][at] = (unsigned char)(at + 100);
        parts[i] = (struct iovec){bytes[i], sizeof bytes[i] - 1};
        many[i].msg_hdr = (struct msghdr){
            .msg_name = names[i], .msg_namelen = i == 0 ? room : sizeof own, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    show("recvmmsg", recvmmsg(server, many, count, MSG_DONTWAIT, NULL));
    text("first", bytes[0]);
    text("second", bytes[1]);
    int changed = 0;
    for (size_t at = room; at < sizeof own; at++) changed += names[0][at] != (unsigned char)(at + 100);
    show("bytes changed behind the room", changed);
    show_address("from", 0, (struct sockaddr_un *)names[1], many[1].msg_hdr.msg_namelen);
}

CASE(abstract_socket) {
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, "\0/abstract", 10);
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 10;
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    show("bind", bind(server, (struct sockaddr *)&address, length));
    memset(&address, '#', sizeof address), length = sizeof address;
    show("getsockname", getsockname(server, (struct sockaddr *)&address, &length));
    printf("length %u, %.9s\n", (unsigned)length, address.sun_path + 1);
}

CASE(unnamed_sockets) {
    int pair[2];
    struct sockaddr_un address;
    show("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    socklen_t length = sizeof address;
    show("getsockname", getsockname(pair[0], (struct sockaddr *)&address, &length));
    show("length", (long)length);
    length = sizeof address;
    show("getpeername", getpeername(pair[0], (struct sockaddr *)&address, &length));
    show("length", (long)length);
    show("autobind", bind(socket(AF_UNIX, SOCK_DGRAM, 0), (struct sockaddr *)&address, sizeof(sa_family_t)));
}

CASE(socket_relative_and_tmp) {
    struct sockaddr_un address;
    show("chdir", chdir(WORK));
    int a = socket(AF_UNIX, SOCK_STREAM, 0), b = socket(AF_UNIX, SOCK_STREAM, 0);
    show("relative", bind(a, (struct sockaddr *)&address, name(&address, "relative")));
    socklen_t length = sizeof address;
    show_address("name", getsockname(a, (struct sockaddr *)&address, &length), &address, length);
    show("tmp", bind(b, (struct sockaddr *)&address, name(&address, "/tmp/socket")));
    length = sizeof address;
    show_address("name", getsockname(b, (struct sockaddr *)&address, &length), &address, length);
}

// 108 bytes are all that a name has room for; with the prefix before it less is left.
static void bind_name_of(size_t length) {
    struct sockaddr_un address;
    char path[120] = WORK "/";
    while (strlen(path) < length) strcat(path, "s");
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    printf("%zu bytes ", length);
    show("bind", bind(server, (struct sockaddr *)&address, name(&address, path)));
    show("listen", listen(server, 1));
    show("connect", connect(client, (struct sockaddr *)&address, name(&address, path)));
    socklen_t size = sizeof address;
    show_address("name", getpeername(client, (struct sockaddr *)&address, &size), &address, size);
}

CASE(socket_name_80) { bind_name_of(80); }
CASE(socket_name_100) { bind_name_of(100); }
CASE(socket_name_107) { bind_name_of(107); }
