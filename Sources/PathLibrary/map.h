#pragma once
#include <stdbool.h>
#include <stddef.h>

// Not inlined: the rooms of what is called here must be gone from the stack before the caller's tail call.
#define APART __attribute__((noinline))

// Paths as the program means them, and as the kernel understands them; docs/relocation.md has the rules.

// As Linux has it, the NUL included.
enum { path_limit = 4096 };

// What the mapping needs to know; filled once when the process starts.
typedef struct {
    // Without a slash at its end; NULL or empty when nothing is to be mapped.
    const char *prefix;
    size_t prefix_length;
    // Absolute, separated by colons; may be NULL.
    const char *host_folders;
    // The real path of the running program when it was started through the image's loader; else NULL.
    const char *program;
    // The file to which the image's paths are added that are asked for and are not there; NULL when nobody wants them.
    const char *missed;
} mapping;

extern mapping the_mapping;

// How many bytes of room `map` wants for this path: 1 when the path certainly stays itself.
size_t map_room(const char *path);
// The kernel's path for a path that is relative to the folder `folder` (AT_FDCWD: the working directory): either `path`
// itself, or `room`. NULL stays NULL.
const char *map(int folder, const char *path, char *room, size_t size);
// The path of an open folder, or of the working directory (AT_FDCWD), without a slash at its end. 0 when nobody knows it.
size_t folder_path(int folder, char *path, size_t size);

// Notes a path down, as the program has it or mapped, when there is nothing; missed.c. `errno` stays as it is.
void note_missed(int folder, const char *mapped);
// What a new link is to hold: as it was said, with the prefix in front where the mapped path has it.
const char *map_target(const char *target, char *room, size_t size);
// Whether a path is the kernel's link to the running program, which would lead to the loader.
bool names_own_program(const char *path);
// The program's path for a kernel's: a place in `path`, or "/".
const char *unmapped(const char *path);
// The same, where it stands; answers the new length.
size_t unmap_in_place(char *path);
// Whether a path lies in a folder or is the folder.
bool is_below(const char *path, const char *folder, size_t length);

// Room for a list of paths with these separators, when each is mapped; and the mapping itself, which answers the end, or
// NULL when there is no room.
size_t map_list_room(const char *list, const char *separators);
char *map_list(const char *list, const char *separators, char *to, size_t size);

// Redefines a parameter as its mapped path; what it needs lives on the caller's stack.
#define MAP_AT(folder, path)           \
    char path##_room[map_room(path)]; \
    path = map(folder, path, path##_room, sizeof path##_room)
#define MAP(path) MAP_AT(AT_FDCWD, path)
