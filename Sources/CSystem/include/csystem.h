// Linux calls that the Glibc module does not show to Swift.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Opens a file without a name in `folder` (O_TMPFILE), for reading and writing.
int csystem_open_nameless(const char *folder, unsigned permissions);

/// copy_file_range(2): bytes moved, or -1 with errno.
ssize_t csystem_copy_range(int source, off_t *offset, int destination, size_t length);

/// Turns writing past the page cache (O_DIRECT) on or off: 0, or -1 with errno.
int csystem_set_direct(int descriptor, bool on);

int64_t csystem_monotonic_nanoseconds(void);

/// Gives two files or folders each other's name, in one step: 0, or -1 with errno.
int csystem_exchange(const char *path, const char *other);

/// The processors this process may run on.
int csystem_processors(void);

/// Removes a tree, following no links, whatever its permissions and however deep; what cannot be removed stays.
void csystem_remove_tree(const char *path);

/// A file in memory, which no name leads to: a descriptor, or -1 with errno.
int csystem_memory_file(const char *name);

/// Takes a connection that no program which is started meanwhile inherits (accept4(2)): a descriptor, or -1 with errno.
int csystem_accept(int listener);

enum { csystem_open_files, csystem_processes, csystem_core_size };

/// Lowers a limit of a process, for what it starts from then on: 0, or -1 with errno.
int csystem_limit(pid_t process, int what, uint64_t value);

/// What a path leads to with `folder` as its root, links followed as there (openat2(2), RESOLVE_IN_ROOT). Writes the real path
/// below the folder into `real`: its length; 0 for a folder, and for what does not fit; or -1 with errno.
ssize_t csystem_resolve_in_root(int folder, const char *path, char *real, size_t size);
