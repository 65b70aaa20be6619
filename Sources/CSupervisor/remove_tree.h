// Removing trees, for the supervisor and for the command line: csystem.c includes this file, too.
#pragma once
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A tree may be deeper than there are descriptors, and its paths longer than a path may be: below this, folders are first
// moved to its top.
enum { deepest = 32 };

typedef struct {
    unsigned names, moved;
} hoisting;

// Whether what could not be unlinked may be a folder: Linux says EISDIR, POSIX has EPERM.
static int may_be_folder(int refusal) { return refusal == EISDIR || refusal == EPERM; }

// Opens a folder that is to be emptied. One made unreadable by what wrote it must not keep us from clearing it, but what
// only has a folder's name must not have us change rights elsewhere.
static int open_to_empty(int folder, const char *name) {
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int opened = openat(folder, name, flags);
    if (opened < 0 && errno == EACCES) {
        struct stat found;
        if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
        if (!S_ISDIR(found.st_mode)) return -ENOTDIR;
        fchmodat(folder, name, 0700, 0);
        opened = openat(folder, name, flags);
    }
    if (opened < 0) return -errno;
    fchmod(opened, 0700);
    return opened;
}

// Moves a folder to the top of the tree that is removed. Its own rights decide whether it may change its parent.
static int hoist(int folder, const char *name, int top, hoisting *all) {
    for (int tries = 0; tries < 100; tries++) {
        char hoisted[32];
        snprintf(hoisted, sizeof hoisted, ".removing-%u", all->names++);
        if (renameat(folder, name, top, hoisted) == 0) {
            all->moved++;
            return 0;
        }
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) break;
    }
    return -errno;
}

static int empty_folder(int top, int folder, int depth, hoisting *all) {
    DIR *listing = fdopendir(folder);
    if (listing == NULL) {
        int refusal = -errno;
        close(folder);
        return refusal;
    }
    int failure = 0;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) continue;
        int refusal = errno;
        int inner = may_be_folder(refusal) ? open_to_empty(folder, name) : -ENOTDIR;
        if (inner < 0) {
            failure = inner == -ENOTDIR ? -refusal : inner;
            continue;
        }
        if (depth >= deepest) {
            close(inner);
            int left = hoist(folder, name, top, all);
            if (left != 0) failure = left;
            continue;
        }
        int inside = empty_folder(top, inner, depth + 1, all);
        if (unlinkat(folder, name, AT_REMOVEDIR) != 0) failure = inside != 0 ? inside : -errno;
    }
    closedir(listing);
    return failure;
}

// Removes a file, or a folder with all that is in it, following no links: 0, also when there is nothing, or -errno.
static int remove_tree(int folder, const char *name) {
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) return 0;
    int refusal = errno;
    int top = may_be_folder(refusal) ? open_to_empty(folder, name) : -ENOTDIR;
    if (top < 0) return top == -ENOTDIR ? -refusal : top;
    int failure = 0;
    hoisting all = {0, 0};
    unsigned before;
    do {
        before = all.moved;
        int again_top = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (again_top < 0) {
            failure = -errno;
            break;
        }
        failure = empty_folder(top, again_top, 0, &all);
    } while (all.moved != before);
    close(top);
    if (unlinkat(folder, name, AT_REMOVEDIR) != 0) return failure != 0 ? failure : -errno;
    return 0;
}
