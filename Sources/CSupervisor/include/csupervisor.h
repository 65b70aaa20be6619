// The part of libc that the squashfs code and the supervisor use: the one door for both compilations.
//
// Embedded Swift has no Glibc module, and errno is a macro Swift cannot see; so every call here that can fail gives
// the negative error number instead. Calls that a signal interrupted are made again.
#pragma once
#include <stddef.h>
#include <stdint.h>

// ---- Files: csupervisor_files.c

enum {
    csupervisor_read_only = 1,   // an existing file, for reading; never blocks on a FIFO
    csupervisor_create_new = 2,  // a new file, for writing; fails when the name exists
    csupervisor_folder = 4,      // must be a folder
    csupervisor_follow = 8,      // a symlink as the last component is followed; otherwise it is an error
    csupervisor_append = 16,     // write at the end, creating the file
    csupervisor_rewrite = 32,    // an existing file, for writing
};

typedef struct {
    uint32_t mode;  // type and permission bits
    uint32_t owner;
    uint64_t size;
    uint64_t device;
    uint64_t inode;
} csupervisor_status;

/// A descriptor for the working folder, for calls that take a folder.
extern const int csupervisor_here;

int csupervisor_open(int folder, const char *path, int how, unsigned permissions);
void csupervisor_close(int descriptor);
/// Bytes moved, 0 at the end.
long csupervisor_read(int descriptor, void *bytes, size_t count);
long csupervisor_read_at(int descriptor, void *bytes, size_t count, uint64_t offset);
/// Writes all of it: 0, or the error.
int csupervisor_write(int descriptor, const void *bytes, size_t count);
int csupervisor_write_at(int descriptor, const void *bytes, size_t count, uint64_t offset);
/// The size of a regular file or of a block device.
int csupervisor_size(int descriptor, uint64_t *size);
int csupervisor_truncate(int descriptor, uint64_t size);
int csupervisor_status_of(int descriptor, csupervisor_status *status);
int csupervisor_status_at(int folder, const char *name, csupervisor_status *status);
int csupervisor_make_folder(int folder, const char *name, unsigned permissions);
int csupervisor_make_symlink(int folder, const char *name, const char *target);
int csupervisor_make_link(int source_folder, const char *source, int folder, const char *name);
/// `mode` has the type bits; `device` is the number as Linux encodes it in 32 bits.
int csupervisor_make_node(int folder, const char *name, unsigned mode, uint32_t device);
int csupervisor_set_mode(int descriptor, unsigned permissions);
/// For what was just made by `csupervisor_make_node`.
int csupervisor_set_node_mode(int folder, const char *name, unsigned permissions);
/// Does not follow symlinks. An empty name means the folder's descriptor itself.
int csupervisor_set_owner(int folder, const char *name, unsigned owner, unsigned group);
int csupervisor_set_time(int folder, const char *name, int64_t seconds);
int csupervisor_set_attribute(int descriptor, const char *name, const void *value, size_t count);
/// The same for what cannot be opened, such as a symlink itself. Needs /proc.
int csupervisor_set_attribute_at(
    int folder, const char *file, const char *name, const void *value, size_t count);
int csupervisor_rename(int from_folder, const char *from, int to_folder, const char *to);
/// Removes a tree, following no links, whatever its permissions and however deep.
int csupervisor_remove_tree(int folder, const char *name);
/// Bytes an ordinary user may still write to the file system of this descriptor.
int csupervisor_free_bytes(int descriptor, uint64_t *bytes);
/// A lock that lasts as long as the file is open; kind 0: exclusive or -EWOULDBLOCK, 1: exclusive, waiting, 2: shared.
int csupervisor_lock(int descriptor, int kind);
/// Whether this process may execute the path.
int csupervisor_is_executable(const char *path);
/// Copies `count` bytes between two files, inside the kernel where it can: bytes copied, or the error.
long csupervisor_copy(int source, int destination, size_t count);

/// Names of a folder, one at a time, without `.` and `..`.
typedef struct csupervisor_listing csupervisor_listing;
csupervisor_listing *csupervisor_list(int folder, int *error);
/// The next name, or NULL at the end.
const char *csupervisor_next_name(csupervisor_listing *listing);
void csupervisor_end_list(csupervisor_listing *listing);

// ---- Files that others wait for: csupervisor_leases.c

/// The files whose bytes a thread has still to bring. Whoever opens one, in whatever way, is kept waiting by the kernel
/// (a write lease, fcntl(2)), and the thread's holder learns of it.
typedef struct csupervisor_holder csupervisor_holder;

/// A holder for the calling thread, which has a table of descriptors of its own from here on: a copy. NULL where the
/// kernel has no leases or would not wait long enough, or without memory.
csupervisor_holder *csupervisor_holder_make(void);
/// Only the thread that made it may, at its end.
void csupervisor_holder_free(csupervisor_holder *holder);
/// Whether the thread has a table of its own: without one only one thread may hold files.
int csupervisor_holder_is_apart(const csupervisor_holder *holder);
/// Makes all others wait who open this new file, until the descriptor is closed: 0, or the error.
int csupervisor_hold(csupervisor_holder *holder, int descriptor);
/// When somebody began to wait for the file, in monotonic nanoseconds; 0 when nobody does.
int64_t csupervisor_wanted_since(const csupervisor_holder *holder, int descriptor);
/// After a held file was closed: nobody waits for it any more.
void csupervisor_let_go(csupervisor_holder *holder, int descriptor);
/// How many of the holder's files somebody waits for.
int csupervisor_wanted(const csupervisor_holder *holder);
/// Grows each time that somebody begins to wait for a file of any holder.
unsigned csupervisor_all_wanted(void);
/// How many descriptors a thread that holds files can have open.
int csupervisor_most_descriptors(void);
/// How long the kernel keeps anybody waiting, in nanoseconds.
int64_t csupervisor_longest_wait(void);

// ---- Threads: csupervisor_threads.c

/// A mutex with its condition.
typedef struct csupervisor_monitor csupervisor_monitor;
csupervisor_monitor *csupervisor_monitor_make(void);
void csupervisor_monitor_free(csupervisor_monitor *monitor);
void csupervisor_monitor_lock(csupervisor_monitor *monitor);
void csupervisor_monitor_unlock(csupervisor_monitor *monitor);
/// Waits for a notification, at most until the monotonic time given; negative for ever.
void csupervisor_monitor_wait(csupervisor_monitor *monitor, int64_t deadline_nanoseconds);
void csupervisor_monitor_notify(csupervisor_monitor *monitor);

/// Starts a thread that nobody joins.
int csupervisor_start_thread(void *(*body)(void *), void *context);
/// Processors this process may run on.
int csupervisor_processors(void);
/// Lets other threads, and programs started by them, go first from now on.
void csupervisor_yield_processors(void);
/// Gives freed memory back to the kernel.
void csupervisor_trim_memory(void);

// ---- Process: csupervisor_process.c

int64_t csupervisor_monotonic_nanoseconds(void);
int64_t csupervisor_real_milliseconds(void);
int csupervisor_is_root(void);
unsigned csupervisor_user(void);
int csupervisor_process_id(void);
/// The environment and the path this program was started with, without /proc.
const char *csupervisor_environment(size_t index);
const char *csupervisor_program_path(void);
void csupervisor_ignore_broken_pipes(void);
/// From now on SIGTERM ends this process with the code given, after the process group that it watches over has been told to
/// end and has had the time given for it. What then is left of that group ends with its keeper.
void csupervisor_end_when_told(int code, int milliseconds);
/// Counts the end of the process that has started us, the parent, as a SIGTERM.
void csupervisor_end_with(int parent);
/// The process group that is to be told; 0 for none.
void csupervisor_watch_over(int group);
const char *csupervisor_error_text(int error);
_Noreturn void csupervisor_exit(int code);

typedef struct {
    int keeper;    // the process to wait for
    int output;    // read ends: standard output, standard error
    int errors;
    int news;      // records of csupervisor_news; ends when nothing of the program is left
    int requests;  // write end of a worker's descriptor 3, or -1
    int answers;   // read end of a worker's descriptor 4, or -1
} csupervisor_child;

typedef struct {
    int kind;   // 1 started (value: process id), 2 not started (value: error), 3 ended (value: wait status), 4 swept
    int value;
} csupervisor_news;

/// Starts a program in a process group of its own under a keeper process. `path` is not looked up.
///
/// The keeper is the program's parent and adopts all its descendants. When the program has ended, the keeper ends
/// every process that is left of it, daemons included, and then itself. Both end when the calling thread does.
///
/// Arguments and environment are given as one text each, every item ended by a NUL. A worker is a program that is sent
/// requests on its descriptor 3 and answers on its descriptor 4.
int csupervisor_start(
    const void *path, const void *arguments, size_t argument_count, const void *environment,
    size_t variable_count, const void *folder, int is_worker, csupervisor_child *child);
/// Has the keeper end all that a worker's last program has left behind: what has become the keeper's child, and what
/// that leaves. It tells when it is done.
void csupervisor_sweep(int keeper);
/// Signals the program and what it started that stayed in its group.
void csupervisor_signal_group(int process, int signal);
/// Waits for the keeper.
void csupervisor_reap(int keeper);
/// The exit code of a wait status, or -1 when a signal ended the program.
int csupervisor_exit_code(int status);
/// The signal that ended the program, or 0.
int csupervisor_ending_signal(int status);

// ---- Sockets: csupervisor_sockets.c

/// Where a server is: an IPv4 or IPv6 address with its port.
typedef struct {
    uint8_t bytes[28];
    uint32_t length;
} csupervisor_address;

/// Reads an address as people write it: 1, or 0 when it is none.
int csupervisor_address_parse(const char *host, uint16_t port, csupervisor_address *address);
/// Whether it is this machine itself.
int csupervisor_address_is_loopback(const csupervisor_address *address);
/// Asks for the addresses of a name, and takes as long as that takes: how many there are, or an error of its own.
int csupervisor_resolve(const char *host, uint16_t port, csupervisor_address *addresses, int capacity);
const char *csupervisor_resolve_text(int failure);

/// Begins to connect: the socket, which does not block; small writes go out at once. It is connected when it can be
/// written to and `csupervisor_connection_failure` gives 0.
int csupervisor_connect(const csupervisor_address *address);
int csupervisor_connection_failure(int socket);
/// Sends what fits now, never raising SIGPIPE: how much, or the error.
long csupervisor_send(int socket, const void *bytes, size_t count);

typedef struct {
    int descriptor;  // negative: not looked at
    int ready;       // set: something to read, or the end
} csupervisor_watch;

/// Waits until one of them is ready: how many are, 0 after the time limit; negative limit for ever.
int csupervisor_wait(csupervisor_watch *watches, int count, int64_t timeout_milliseconds);
/// Waits until something can be written: 1, or 0 after the time limit.
int csupervisor_wait_writable(int descriptor, int64_t timeout_milliseconds);
void csupervisor_sleep(int64_t milliseconds);

// ---- TLS and sums, of OpenSSL: csupervisor_tls.c

typedef struct {
    uint64_t state[14];
} csupervisor_sha256;

void csupervisor_sha256_begin(csupervisor_sha256 *sum);
void csupervisor_sha256_update(csupervisor_sha256 *sum, const void *bytes, size_t count);
/// Writes the 32 bytes of the digest.
void csupervisor_sha256_finish(csupervisor_sha256 *sum, uint8_t *digest);

/// The authorities that servers are held against. OpenSSL is initialised when the first is made.
typedef struct csupervisor_tls_trust csupervisor_tls_trust;
csupervisor_tls_trust *csupervisor_tls_trust_make(int verifies);
void csupervisor_tls_trust_free(csupervisor_tls_trust *trust);
/// Adds the certificates of a PEM text: how many.
int csupervisor_tls_trust_add(csupervisor_tls_trust *trust, const void *text, size_t count);

/// TLS over a connected socket, for which the server must prove that it is `host`.
typedef struct csupervisor_tls csupervisor_tls;
csupervisor_tls *csupervisor_tls_make(const csupervisor_tls_trust *trust, int socket, const char *host);
void csupervisor_tls_free(csupervisor_tls *tls);

enum {
    csupervisor_tls_wants_read = -10000,  // try again when the socket can be read
    csupervisor_tls_wants_write = -10001,
    csupervisor_tls_failed = -10002,  // csupervisor_tls_reason says why
};

/// Each gives a positive number when something was done, 0 at the end, one of the above, or a system error.
long csupervisor_tls_handshake(csupervisor_tls *tls);
long csupervisor_tls_read(csupervisor_tls *tls, void *bytes, size_t count);
long csupervisor_tls_write(csupervisor_tls *tls, const void *bytes, size_t count);
/// Tells the other side that nothing more comes.
void csupervisor_tls_end(csupervisor_tls *tls);
/// Why the last call failed. Only on the thread that made it, and at once.
const char *csupervisor_tls_reason(const csupervisor_tls *tls);
