// Sockets whose name is a path.
#include "library.h"

enum { local_family = 1, path_size = 108, address_size = 128 };

typedef struct {
    unsigned short family;
    char path[path_size];
} local_address;
_Static_assert(sizeof(local_address) == 110, "as the kernel has it");

// A mapped address; `folder` is open while it is used, when the path was too long for it.
typedef struct {
    local_address address;
    int folder;
} mapped_address;

static bool has_path(const void *address, unsigned length) {
    const local_address *local = address;
    return address != NULL && length > offsetof(local_address, path) && length <= sizeof *local &&
           local->family == local_family && local->path[0] != 0;
}

// A path that does not fit is told through its folder: /proc/self/fd/7/name.
static bool shorten(const char *path, mapped_address *to) {
    size_t folder = 0;
    for (size_t index = 0; path[index] != 0; index++)
        if (path[index] == '/') folder = index;
    char room[folder + 1];
    memcpy(room, path, folder);
    room[folder] = 0;
    if (strlen(path + folder) + 30 > path_size) return false;
    to->folder = kernel_open(AT_FDCWD, room, O_PATH | O_DIRECTORY);
    if (to->folder < 0) return false;
    append(append_number(append(to->address.path, "/proc/self/fd/"), (unsigned long)to->folder), path + folder);
    return true;
}

static const void *map_address(const void *address, unsigned *length, mapped_address *room) {
    room->folder = -1;
    if (!is_active() || !has_path(address, *length)) return address;
    char said[path_size + 1];
    size_t size = *length - offsetof(local_address, path);
    memcpy(said, ((const local_address *)address)->path, size);
    said[size] = 0;
    const char *path = said;
    MAP(path);
    if (path == said) return address;
    room->address.family = local_family;
    if (strlen(path) < path_size) append(room->address.path, path);
    else if (!shorten(path, room)) return address;
    *length = (unsigned)(offsetof(local_address, path) + strlen(room->address.path) + 1);
    return &room->address;
}

static void finish(mapped_address *room) {
    if (room->folder >= 0) kernel_close(room->folder);
}

#define WITH_ADDRESS(type, call)                                   \
    mapped_address room;                                           \
    address = map_address(address, &length, &room);                \
    type result = call;                                            \
    finish(&room);                                                 \
    return result

int bind(int socket, const void *address, unsigned length) {
    WITH_ADDRESS(int, CALL(-1, bind, socket, address, length));
}

int connect(int socket, const void *address, unsigned length) {
    WITH_ADDRESS(int, CALL(-1, connect, socket, address, length));
}

int __connect(int socket, const void *address, unsigned length) { return connect(socket, address, length); }

long sendto(int socket, const void *bytes, unsigned long count, int flags, const void *address, unsigned length) {
    WITH_ADDRESS(long, CALL(-1, sendto, socket, bytes, count, flags, address, length));
}

// glibc's and musl's struct msghdr begin so, and are of one size.
typedef struct {
    const void *address;
    unsigned length;
    unsigned long rest[5];
} message_head;
typedef struct {
    message_head head;
    unsigned sent;
} counted_message;
_Static_assert(sizeof(message_head) == 56 && sizeof(counted_message) == 64, "as the kernel has them");

long sendmsg(int socket, const void *message, int flags) {
    if (!is_active() || message == NULL) return CALL(-1, sendmsg, socket, message, flags);
    message_head head = *(const message_head *)message;
    mapped_address room;
    head.address = map_address(head.address, &head.length, &room);
    long result = CALL(-1, sendmsg, socket, &head, flags);
    finish(&room);
    return result;
}

static bool any_has_path(const counted_message *all, unsigned count) {
    for (unsigned index = 0; index < count; index++)
        if (has_path(all[index].head.address, all[index].head.length)) return true;
    return false;
}

int sendmmsg(int socket, void *messages, unsigned count, int flags) {
    counted_message *all = messages;
    if (!is_active() || messages == NULL || !any_has_path(all, count))
        return CALL(-1, sendmmsg, socket, messages, count, flags);
    unsigned sent = 0;
    for (; sent < count; sent++) {
        long bytes = sendmsg(socket, &all[sent].head, flags);
        if (bytes < 0) return sent > 0 ? (int)sent : -1;
        all[sent].sent = (unsigned)bytes;
    }
    return (int)sent;
}

// Takes the prefix off an address of `length` bytes in a buffer with a byte to spare; answers its length then.
static unsigned shown(void *address, unsigned length) {
    local_address *local = address;
    if (!has_path(address, length)) return length;
    ((char *)address)[length] = 0;
    char *path = local->path;
    if (unmapped(path) == path) return length;
    return (unsigned)(offsetof(local_address, path) + unmap_in_place(path) + 1);
}

typedef struct {
    long bytes[address_size / sizeof(long) + 1];
} answer_room;

// The kernel writes into a room of our own: with its prefix an address may be longer than the program's buffer.
static void hand_over(answer_room *room, unsigned found, void *address, unsigned *length) {
    if (found < sizeof room->bytes) found = shown(room->bytes, found);
    memcpy(address, room->bytes, found < *length ? found : *length);
    *length = found;
}

#define ANSWERED(type, call)                                        \
    answer_room room;                                               \
    unsigned found = address_size;                                  \
    type result = call;                                             \
    if (result >= 0) hand_over(&room, found, address, length);      \
    return result

#define NAME_OF(name)                                                                    \
    int name(int socket, void *address, unsigned *length) {                              \
        if (!is_active() || address == NULL || length == NULL)                           \
            return CALL(-1, name, socket, address, length);                              \
        ANSWERED(int, CALL(-1, name, socket, (void *)&room, &found));                    \
    }
NAME_OF(getsockname)
NAME_OF(getpeername)
NAME_OF(accept)

int accept4(int socket, void *address, unsigned *length, int flags) {
    if (!is_active() || address == NULL || length == NULL) return CALL(-1, accept4, socket, address, length, flags);
    ANSWERED(int, CALL(-1, accept4, socket, (void *)&room, &found, flags));
}

long recvfrom(int socket, void *bytes, unsigned long count, int flags, void *address, unsigned *length) {
    if (!is_active() || address == NULL || length == NULL)
        return CALL(-1, recvfrom, socket, bytes, count, flags, address, length);
    ANSWERED(long, CALL(-1, recvfrom, socket, bytes, count, flags, (void *)&room, &found));
}

long __recvfrom_chk(
    int socket, void *bytes, unsigned long count, unsigned long real_size, int flags, void *address, unsigned *length) {
    if (count > real_size) return CALL(-1, __recvfrom_chk, socket, bytes, count, real_size, flags, address, length);
    return recvfrom(socket, bytes, count, flags, address, length);
}

long recvmsg(int socket, void *message, int flags) {
    message_head *head = message;
    if (!is_active() || message == NULL || head->address == NULL) return CALL(-1, recvmsg, socket, message, flags);
    void *address = (void *)head->address;
    unsigned size = head->length;
    answer_room room;
    head->address = &room;
    head->length = address_size;
    long result = CALL(-1, recvmsg, socket, message, flags);
    unsigned found = head->length;
    head->address = address;
    head->length = size;
    if (result >= 0) hand_over(&room, found, address, &head->length);
    return result;
}

int recvmmsg(int socket, void *messages, unsigned count, int flags, void *timeout) {
    // The kernel takes no more at once.
    enum { most = 1024 };
    counted_message *all = messages;
    unsigned given[most];
    for (unsigned index = 0; is_active() && all != NULL && index < count && index < most; index++)
        given[index] = all[index].head.length;
    int received = CALL(-1, recvmmsg, socket, messages, count, flags, timeout);
    for (int index = 0; is_active() && index < received; index++) {
        message_head *head = &all[index].head;
        // Whoever receives many at once has room for whole addresses. One that did not fit stays as it is: the kernel
        // tells its whole length, and not all of it is there.
        if (head->length > given[index] || !has_path(head->address, head->length)) continue;
        answer_room room;
        memcpy(&room, head->address, head->length);
        hand_over(&room, head->length, (void *)head->address, &head->length);
    }
    return received;
}
