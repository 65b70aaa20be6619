// Names, modes, owners, times and attributes are changed.
#include "conformance.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

static struct stat status;
#define STAT(path) show_stat(path, lstat(path, &status), &status)

CASE(mkdir_rmdir) {
    show("mkdir", mkdir(WORK "/a", 0751));
    STAT(WORK "/a");
    show("again", mkdir(WORK "/a", 0700));
    show("no parent", mkdir(WORK "/b/c", 0700));
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    show("mkdirat", mkdirat(folder, "a/b", 0700));
    show("mkdirat absolute", mkdirat(folder, WORK "/c", 0700));
    show("not empty", rmdir(WORK "/a"));
    show("rmdir", rmdir(WORK "/a/b"));
    show("rmdir", rmdir(WORK "/a"));
    show("gone", rmdir(WORK "/a"));
    show("of a file", rmdir(DATA "/file"));
    show("the root", rmdir("/"));
    show("new at the root", mkdir("/new-at-the-root", 0700));
    show("new below /etc", mkdir("/etc/new-in-etc", 0700));
    show("outside of nothing", mkdir("/../new-above-the-root", 0700));
    show("chdir", chdir("/"));
    show("relative, above the root", mkdir("../new-relative", 0700));
    show("by syscall", syscall(SYS_mkdirat, AT_FDCWD, WORK "/by-syscall", 0700));
}

CASE(unlink) {
    write_file(WORK "/a", "a");
    write_file(WORK "/b", "b");
    write_file(WORK "/c", "c");
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    show("unlink", unlink(WORK "/a"));
    show("again", unlink(WORK "/a"));
    show("unlinkat", unlinkat(folder, "b", 0));
    show("unlinkat absolute", unlinkat(folder, WORK "/c", 0));
    show("a folder", unlink(DATA "/folder"));
    show("mkdir", mkdir(WORK "/d", 0700));
    show("unlinkat folder", unlinkat(folder, WORK "/d", AT_REMOVEDIR));
    write_file(WORK "/e", "e");
    show("remove a file", remove(WORK "/e"));
    show("mkdir", mkdir(WORK "/f", 0700));
    show("remove a folder", remove(WORK "/f"));
    show("remove nothing", remove(WORK "/f"));
    show("a file of the image", unlink(DATA "/removable"));
    show("gone", access(DATA "/removable", F_OK));
}

CASE(rename) {
    write_file(WORK "/a", "a");
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    show("rename", rename(WORK "/a", WORK "/b"));
    show_content("there", open(WORK "/b", O_RDONLY));
    show("gone", rename(WORK "/a", WORK "/b"));
    show("renameat", renameat(folder, "b", folder, "c"));
    show("renameat, one absolute", renameat(folder, "c", -1, WORK "/d"));
    show("renameat, both absolute", renameat(-1, WORK "/d", -1, WORK "/e"));
    show("mkdir", mkdir(WORK "/folder", 0700));
    show("file over folder", rename(WORK "/e", WORK "/folder"));
    show("folder into itself", rename(WORK "/folder", WORK "/folder/sub"));
    show("folder", rename(WORK "/folder", WORK "/folder2"));
    show("to /tmp", rename(WORK "/e", "/tmp/e"));
    write_file("/tmp/x", "x");
    show("from /tmp", rename("/tmp/x", WORK "/x"));
    write_file(WORK "/new", "new");
    show("by syscall", syscall(SYS_renameat2, AT_FDCWD, WORK "/new", AT_FDCWD, WORK "/newer", 0));
}

#if defined __GLIBC__ && __GLIBC_PREREQ(2, 28)
GLIBC_CASE(renameat2) {
    write_file(WORK "/a", "a");
    write_file(WORK "/b", "b");
    show("no replace", renameat2(AT_FDCWD, WORK "/a", AT_FDCWD, WORK "/b", 1));
    show("exchange", renameat2(AT_FDCWD, WORK "/a", AT_FDCWD, WORK "/b", 2));
    show_content("a", open(WORK "/a", O_RDONLY));
}
#endif

CASE(link) {
    write_file(WORK "/a", "a");
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    show("link", link(WORK "/a", WORK "/b"));
    show("again", link(WORK "/a", WORK "/b"));
    show("linkat", linkat(folder, "a", folder, "c", 0));
    show("linkat absolute", linkat(folder, WORK "/a", folder, WORK "/d", 0));
    STAT(WORK "/d");
    show("symlink", symlink(WORK "/a", WORK "/l"));
    show("link of a link", link(WORK "/l", WORK "/hl"));
    show("followed", linkat(AT_FDCWD, WORK "/l", AT_FDCWD, WORK "/fl", AT_SYMLINK_FOLLOW));
    printf("is link: %d\n", lstat(WORK "/hl", &status) == 0 && S_ISLNK(status.st_mode));
    STAT(WORK "/fl");
    show("missing", link(WORK "/missing", WORK "/m"));
    show("across", link(WORK "/a", "/tmp/a"));
}

CASE(link_by_descriptor) {
    int file = open(WORK, O_TMPFILE | O_RDWR, 0600);
    show("write", write(file, "hidden", 6));
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    show("linkat", linkat(AT_FDCWD, path, AT_FDCWD, WORK "/appeared", AT_SYMLINK_FOLLOW));
    show_content("read", open(WORK "/appeared", O_RDONLY));
}

CASE(symlink) {
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    show("symlinkat", symlinkat(DATA "/file", folder, "a"));
    show("symlinkat absolute", symlinkat(DATA "/file", -1, WORK "/b"));
    show("exists", symlink("x", WORK "/a"));
    show_content("a", open(WORK "/a", O_RDONLY));
    show_content("b", openat(folder, "b", O_RDONLY));
    show("by syscall", syscall(SYS_symlinkat, DATA "/file", AT_FDCWD, WORK "/s"));
    show_content("by syscall", open(WORK "/s", O_RDONLY));
}

CASE(mkfifo_mknod) {
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    show("mkfifo", mkfifo(WORK "/fifo", 0640));
    STAT(WORK "/fifo");
    show("mkfifoat", mkfifoat(folder, "fifo2", 0600));
    show("mkfifoat absolute", mkfifoat(folder, WORK "/fifo3", 0600));
    show("mknod fifo", mknod(WORK "/fifo4", S_IFIFO | 0600, 0));
    show("mknod file", mknod(WORK "/file", S_IFREG | 0600, 0));
    show("mknodat", mknodat(folder, "fifo5", S_IFIFO | 0600, 0));
    show("mknodat absolute", mknodat(folder, WORK "/fifo6", S_IFIFO | 0600, 0));
    show("device", mknod(WORK "/device", S_IFCHR | 0600, 0x0103));
    show("exists", mkfifo(WORK "/fifo", 0600));
    pid_t child = fork();
    if (!child) {
        int end = open(WORK "/fifo", O_WRONLY);
        (void)!write(end, "through the fifo", 16);
        _exit(0);
    }
    show_content("fifo", open(WORK "/fifo", O_RDONLY));
    show_wait("writer", child);
}

CASE(chmod) {
    write_file(WORK "/a", "a");
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    show("chmod", chmod(WORK "/a", 0604));
    STAT(WORK "/a");
    show("fchmodat", fchmodat(folder, "a", 0640, 0));
    STAT(WORK "/a");
    show("fchmodat absolute", fchmodat(folder, WORK "/a", 0600, 0));
    STAT(WORK "/a");
    show("missing", chmod(WORK "/missing", 0600));
    show("a file of the image", chmod(DATA "/file", 0600));
    STAT(DATA "/file");
    show("proc", chmod("/proc/self/comm", 0600));
}

CASE(chown) {
    write_file(WORK "/a", "a");
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    show("to root", chown(WORK "/a", 0, 0));
    show("to itself", chown(WORK "/a", getuid(), getgid()));
    show("nothing", chown(WORK "/a", (uid_t)-1, (gid_t)-1));
    show("lchown", lchown(WORK "/a", 0, 0));
    show("fchownat", fchownat(folder, "a", 0, 0, 0));
    show("fchownat absolute", fchownat(folder, WORK "/a", getuid(), getgid(), AT_SYMLINK_NOFOLLOW));
    show("fchown", fchown(folder, 0, 0));
    show("missing", chown(WORK "/missing", 0, 0));
}

CASE(times) {
    write_file(WORK "/a", "a");
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    struct utimbuf old = {1000, 2000};
    show("utime", utime(WORK "/a", &old));
    stat(WORK "/a", &status);
    show("modified", status.st_mtime);
    struct timeval values[2] = {{3000, 0}, {4000, 0}};
    show("utimes", utimes(WORK "/a", values));
    stat(WORK "/a", &status);
    show("modified", status.st_mtime);
    struct timespec exact[2] = {{5000, 1}, {6000, 2}};
    show("utimensat", utimensat(folder, "a", exact, 0));
    show("utimensat absolute", utimensat(folder, WORK "/a", exact, 0));
    stat(WORK "/a", &status);
    printf("modified %ld.%09ld\n", (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    show("symlink", symlink(WORK "/a", WORK "/l"));
    show("lutimes", lutimes(WORK "/l", values));
    lstat(WORK "/l", &status);
    show("of the link", status.st_mtime);
    show("futimesat", futimesat(folder, "a", values));
    show("futimesat absolute", futimesat(folder, WORK "/a", values));
    show("missing", utime(WORK "/missing", NULL));
    show("missing", utimes(WORK "/missing", NULL));
    show("missing", utimensat(AT_FDCWD, WORK "/missing", NULL, 0));
    show("now", utimensat(AT_FDCWD, WORK "/a", NULL, 0));
}

CASE(truncate) {
    write_file(WORK "/a", "0123456789");
    show("truncate", truncate(WORK "/a", 4));
    show_content("read", open(WORK "/a", O_RDONLY));
    show("truncate64", truncate64(WORK "/a", 2));
    show_content("read", open(WORK "/a", O_RDONLY));
    show("missing", truncate(WORK "/missing", 0));
    show("folder", truncate(DATA, 0));
}

CASE(xattrs) {
    // Where the file system has no attributes of users, both worlds say so.
    write_file("/tmp/a", "a");
    const char *paths[] = {WORK "/a", "/tmp/a", DATA "/missing"};
    write_file(WORK "/a", "a");
    char space[256];
    for (int i = 0; i < 3; i++) {
        memset(space, 0, sizeof space);
        show("set", setxattr(paths[i], "user.conformance", "value", 5, 0));
        show("get", getxattr(paths[i], "user.conformance", space, sizeof space));
        text("value", space);
        memset(space, 0, sizeof space);
        ssize_t length = listxattr(paths[i], space, sizeof space);
        show("list", length < 0 ? -1 : length > 0);
        show("lset", lsetxattr(paths[i], "user.other", "value", 5, 0));
        show("lget", lgetxattr(paths[i], "user.other", space, sizeof space));
        length = llistxattr(paths[i], space, sizeof space);
        show("llist", length < 0 ? -1 : length > 0);
        show("remove", removexattr(paths[i], "user.conformance"));
        show("lremove", lremovexattr(paths[i], "user.other"));
        show("get", getxattr(paths[i], "user.conformance", space, sizeof space));
    }
}

CASE(temporary) {
    char path[] = WORK "/fileXXXXXX", folder[] = WORK "/folderXXXXXX", suffixed[] = WORK "/nameXXXXXX.txt";
    int file = mkstemp(path);
    done("mkstemp", file >= 0);
    printf("prefix kept: %d, changed: %d, exists: %d\n", !strncmp(path, WORK "/file", 10), !strstr(path, "XXXXXX"),
           access(path, F_OK) == 0);
    show("unlink", unlink(path));
    done("mkdtemp", mkdtemp(folder) != NULL);
    printf("prefix kept: %d, exists: %d, length %zu\n", !strncmp(folder, WORK "/folder", 12), access(folder, X_OK) == 0, strlen(folder));
    show("rmdir", rmdir(folder));
    file = mkstemps(suffixed, 4);
    done("mkstemps", file >= 0);
    printf("suffix kept: %d\n", !strcmp(suffixed + strlen(suffixed) - 4, ".txt"));
    show("unlink", unlink(suffixed));
    char again[] = WORK "/moreXXXXXX", cloexec[] = WORK "/execXXXXXX.c", in_tmp[] = "/tmp/fileXXXXXX";
    file = mkostemp(again, O_CLOEXEC);
    printf("mkostemp: %d\n", file >= 0 && fcntl(file, F_GETFD) == FD_CLOEXEC);
    show("unlink", unlink(again));
    file = mkostemps(cloexec, 2, O_APPEND);
    done("mkostemps", file >= 0);
    show("unlink", unlink(cloexec));
    done("in /tmp", mkstemp(in_tmp) >= 0);
    show("unlink", unlink(in_tmp));
    char wrong[] = WORK "/short", lost[] = "/missing/fileXXXXXX";
    show("wrong template", mkstemp(wrong));
    show("missing folder", mkstemp(lost));
    char large[] = WORK "/largeXXXXXX", large2[] = WORK "/largeXXXXXX";
    done("mkstemp64", mkstemp64(large) >= 0);
    show("unlink", unlink(large));
    done("mkostemp64", mkostemp64(large2, 0) >= 0);
    show("unlink", unlink(large2));
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
CASE(tmpfile_tempnam) {
    FILE *stream = tmpfile();
    done("tmpfile", stream != NULL);
    fputs("x", stream);
    stream = tmpfile64();
    done("tmpfile64", stream != NULL);
    char *name = tempnam(WORK, "abc");
    printf("tempnam: %d\n", name && !strncmp(name, WORK "/abc", 9) && access(name, F_OK) != 0);
    write_file(name, "tempnam");
    show_content("usable", open(name, O_RDONLY));
    show("unlink", unlink(name));
    setenv("TMPDIR", WORK, 1);
    name = tempnam(NULL, "def");
    printf("with TMPDIR: %d\n", name && strstr(name, "def") != NULL);
    char space[L_tmpnam];
    name = tmpnam(space);
    printf("tmpnam: %.5s\n", name);
    char pattern[] = WORK "/mkXXXXXX";
    printf("mktemp: %d\n", strlen(mktemp(pattern)) == strlen(WORK "/mkXXXXXX") && access(pattern, F_OK) != 0);
}
