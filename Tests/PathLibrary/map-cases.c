// Cases for the mapping of paths, compiled with map.c and bytes.c as an ordinary program. Prints what is wrong, and how
// many cases there were; exits with 1 when anything is wrong. Its argument is an empty folder that it may fill.
#include "map.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

size_t strlen(const char *text);
int strcmp(const char *one, const char *other);
void *memset(void *to, int byte, size_t count);

static int cases, failures;

// What map made, in a room of exactly the size it asked for, with a fence behind it.
static const char *mapped_in(int folder, const char *path) {
    static char room[1 << 16];
    size_t size = map_room(path);
    assert(size + 8 < sizeof room);
    memset(room, '#', size + 8);
    const char *result = map(folder, path, room, size);
    for (size_t index = size; index < size + 8; index++)
        if (room[index] != '#') {
            printf("%.60s: wrote beyond its room\n", path);
            failures++;
        }
    return result;
}

static void expect(const char *what, const char *path, const char *is, const char *wanted) {
    cases++;
    if (is == wanted || (is != NULL && wanted != NULL && strcmp(is, wanted) == 0)) return;
    printf("%s %.100s: %.200s, not %.200s\n", what, path, is == NULL ? "NULL" : is, wanted == NULL ? "NULL" : wanted);
    failures++;
}

static void maps(const char *path, const char *wanted) { expect("map", path, mapped_in(AT_FDCWD, path), wanted); }
static void stays(const char *path) {
    const char *is = mapped_in(AT_FDCWD, path);
    expect("map", path, is, path);
    if (is != path) printf("%s: a copy, not itself\n", path), failures++;
}
static void shows(const char *path, const char *wanted) {
    expect("unmapped", path, unmapped(path), wanted);
    char copy[256];
    snprintf(copy, sizeof copy, "%s", path);
    expect("unmap_in_place", path, unmap_in_place(copy) == strlen(wanted) ? copy : "a wrong length", wanted);
}

static void absolute(void) {
    maps("/", "/p/root");
    maps("//", "/p/root");
    maps("/.", "/p/root");
    maps("/..", "/p/root");
    maps("/usr", "/p/root/usr");
    maps("/usr/", "/p/root/usr/");
    maps("/usr/lib/x.so.1", "/p/root/usr/lib/x.so.1");
    maps("/a//b", "/p/root/a/b");
    maps("/a/./b/.", "/p/root/a/b/");
    maps("/...", "/p/root/...");
    maps("/.hidden/..x", "/p/root/.hidden/..x");
    // `..` stays for the kernel, which follows links, but not above the root.
    maps("/a/../b", "/p/root/a/../b");
    maps("/../../etc/passwd", "/p/root/etc/passwd");
    maps("/a/../../etc", "/p/root/a/../etc");
    maps("/a/b/../../../../c", "/p/root/a/b/../../c");
}

static void host(void) {
    const char *host[] = {"/proc",  "/proc/self/maps", "/dev/null", "/sys",        "/tmp",           "/tmp/",
                          "/tmp/a", "/var/task/x",     "/var/task", "/opt/lib",    "/etc/hosts",     "/etc/resolv.conf",
                          "/mnt/a", "/etc/hostname",   "/p/root",   "/p/root/usr", "/p/root/usr/../x"};
    for (size_t index = 0; index < sizeof host / sizeof *host; index++) stays(host[index]);
    // Beginnings of names are not folders.
    maps("/tmpfoo", "/p/root/tmpfoo");
    maps("/process", "/p/root/process");
    maps("/var/tasks", "/p/root/var/tasks");
    maps("/var", "/p/root/var");
    maps("/optional", "/p/root/optional");
    maps("/etc/hosts.allow", "/p/root/etc/hosts.allow");
    maps("/etc/hosts/x", "/p/root/etc/hosts/x");
    maps("/p/rooted", "/p/root/p/rooted");
    maps("/p", "/p/root/p");
    // However the way there is written.
    maps("//tmp/x", "/tmp/x");
    maps("/./dev//null", "/dev/null");
    maps("/usr/../tmp/x", "/tmp/x");
    maps("/etc/./hosts", "/etc/hosts");
    maps("/var//task/x/", "/var/task/x/");
    stays("/tmp/link/../x");
    stays("/tmp//x");
    // And out again.
    maps("/tmp/../etc/passwd", "/p/root/etc/passwd");
    maps("/proc/../../bin/sh", "/p/root/bin/sh");
    maps("/p/root/../etc", "/p/root/etc");
    maps("/p/root/../../etc", "/p/root/etc");
    maps("/p/root/usr/../../..", "/p/root/usr/../");
}

static void relative(void) {
    const char *plain[] = {"", ".", "./", "x", "x/..", "x/../y", "./x", "..x", "...", "./...", "~", "tmp/x"};
    for (size_t index = 0; index < sizeof plain / sizeof *plain; index++) stays(plain[index]);
    cases++;
    if (mapped_in(AT_FDCWD, NULL) != NULL || unmapped(NULL) != NULL) puts("NULL became something"), failures++;
}

static const char *find_last(const char *path) {
    const char *last = path;
    for (; *path != 0; path++)
        if (*path == '/') last = path + 1;
    return last;
}

static void climbing(const char *folder) {
    char root[2048], path[4096], wanted[4096];
    mapping before = the_mapping;
    snprintf(root, sizeof root, "%s/root", folder);
    mkdir(root, 0755);
    snprintf(path, sizeof path, "%s/usr", root);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/usr/lib", root);
    mkdir(path, 0755);
    the_mapping = (mapping){root, strlen(root), folder, NULL, NULL};
    int lib = open(path, O_RDONLY | O_DIRECTORY);
    if (chdir(path) != 0 || lib < 0) puts("no folder to climb from"), failures++;
    stays("..");
    stays("../..");
    stays("../bin");
    stays("./.././/../usr");
    maps("../../..", root);
    snprintf(wanted, sizeof wanted, "%s/etc/passwd", root);
    maps("../../../etc/passwd", wanted);
    maps(".././../../../../../etc/passwd", wanted);
    maps("../../../../tmp/x", "/tmp/x");
    // Down first, then up: beyond the root by the letters, so it stops there; what is below stays the kernel's.
    stays("x/../../..");
    stays("x/y/../../../bin");
    stays("../x/../../bin");
    snprintf(path, sizeof path, "%s/usr/lib/x/../../../etc/passwd", root);
    maps("x/../../../../etc/passwd", path);
    snprintf(path, sizeof path, "%s/usr/x/../../etc/passwd", root);
    maps("../x/../../../etc/passwd", path);
    maps("x/../../../tmp/y", "/tmp/y");
    // In the image's terms /tmp is the host's, though a folder of that name may be in the tree.
    maps("../../tmp/x", "/tmp/x");
    if (chdir(root) != 0) failures++;
    maps("..", root);
    maps("../etc/passwd", wanted);
    maps("../../tmp/x", "/tmp/x");
    // From the root, a relative path may name a folder or a file of the host's.
    maps("tmp", "/tmp");
    maps("tmp/x", "/tmp/x");
    maps("././/dev/null", "/dev/null");
    maps("etc/hosts", "/etc/hosts");
    stays("etc/passwd");
    stays("usr/tmp");
    stays("tmpfoo");
    int top = open(root, O_RDONLY | O_DIRECTORY);
    expect("map at", "proc/self", mapped_in(top, "proc/self"), "/proc/self");
    expect("map at", "tmp/x", mapped_in(lib, "tmp/x"), "tmp/x");
    expect("map at", "../../..", mapped_in(lib, "../../.."), root);
    expect("map at", "../../../etc/passwd", mapped_in(lib, "../../../etc/passwd"), wanted);
    expect("map at", "../x", mapped_in(lib, "../x"), "../x");
    snprintf(path, sizeof path, "%s/usr/lib/x/../../../y", root);
    expect("map at", "x/../../../../y", mapped_in(lib, "x/../../../../y"), path);
    expect("map at", "a closed file", mapped_in(999, "../x"), "../x");
    expect("map at", "no file", mapped_in(-5, "../x"), "../x");
    // From a folder of the host's into another of its folders, and out of them.
    if (chdir(folder) != 0) failures++;
    snprintf(path, sizeof path, "../%s/x", find_last(folder));
    stays(path);
    stays("x/../y");
    maps("x/../../../../../../../../../../../../../../etc/passwd", wanted);
    maps("../../../../../../../../../../../../../../etc/passwd", wanted);
    if (chdir("/") != 0) failures++;
    maps("../etc/passwd", wanted);
    stays("../tmp/x");
    the_mapping = before;
}

static void lengths(void) {
    static char path[70000];
    for (size_t length = 1; length < sizeof path - 1; length += length < 4200 ? 1 : 977) {
        memset(path, 'a', length);
        path[0] = '/';
        path[length] = 0;
        const char *is = mapped_in(AT_FDCWD, path);
        cases++;
        // What the kernel refuses may stay; anything else has the prefix and all of its letters.
        if (length >= path_limit ? is != path : strlen(is) != (length == 1 ? 7 : length + 7))
            printf("a path of %zu bytes became %zu bytes\n", length, strlen(is)), failures++;
    }
    // Long ways up, with and without a place to go.
    for (size_t count = 1; count < 2000; count += 37) {
        path[0] = 0;
        for (size_t index = 0; index < count; index++) snprintf(path + 3 * index, 4, "../");
        mapped_in(AT_FDCWD, path);
        path[3 * count] = 'x';
        path[3 * count + 1] = 0;
        mapped_in(AT_FDCWD, path);
        cases += 2;
    }
}

// Random paths of the components that matter: never above the root, never beyond the room, and no other outcome than
// itself, the prefix and more, or a folder of the host's.
static void noise(void) {
    static const char *const parts[] = {"/", "//", ".", "..", "/..", "/../", "a", "tmp",
                                        "/tmp", "proc", "p", "/p/root", "etc/hosts", "x/"};
    unsigned seed = 7;
    for (int round = 0; round < 200000; round++) {
        char path[256] = "/";
        for (int count = 0; count < 8; count++) {
            seed = seed * 1103515245 + 12345;
            snprintf(path + strlen(path), sizeof path - strlen(path), "%s", parts[(seed >> 16) % 14]);
        }
        const char *is = mapped_in(AT_FDCWD, path);
        bool below = is_below(is, "/p/root", 7), same = is == path;
        bool at_host = is_below(is, "/tmp", 4) || is_below(is, "/proc", 5) || strcmp(is, "/etc/hosts") == 0;
        cases++;
        if (!below && !same && !at_host) printf("%s became %s\n", path, is), failures++;
        // Below the prefix it stays there, by the letters at least.
        long depth = 0, least = 0;
        const char *rest = below && !same ? is + 7 : "";
        while (*rest != 0) {
            while (*rest == '/') rest++;
            size_t length = 0;
            while (rest[length] != 0 && rest[length] != '/') length++;
            if (length == 2 && rest[0] == '.' && rest[1] == '.') depth--;
            else if (length > 0) depth++;
            if (depth < least) least = depth;
            rest += length;
        }
        if (least < 0) printf("%s climbs: %s\n", path, is), failures++;
    }
}

static void lists(void) {
    char room[512];
    const char *list = "/usr/lib:relative::/tmp/x:$ORIGIN/../lib:/";
    char *end = map_list(list, ":", room, map_list_room(list, ":"));
    expect("list", list, end == NULL ? NULL : room, "/p/root/usr/lib:relative::/tmp/x:$ORIGIN/../lib:/p/root");
    end = map_list("", ":", room, map_list_room("", ":"));
    expect("list", "", end == room ? room : NULL, "");
    end = map_list("/a /b:/c", ": ", room, sizeof room);
    expect("list", "/a /b:/c", end == NULL ? NULL : room, "/p/root/a /p/root/b:/p/root/c");
    expect("list", "too small", map_list("/a", ":", room, 5), NULL);
    // Whatever stands between them, there is room for all, and no more is taken.
    static const char *const separators[] = {":", ";", ":;", ": ", " "};
    for (size_t index = 0; index < sizeof separators / sizeof *separators; index++) {
        enum { count = 100 };
        char many[2 * count + 1] = "", wanted[9 * count + 1] = "";
        for (size_t each = 0; each < count; each++) {
            char separator = separators[index][each % strlen(separators[index])];
            if (each == 0) separator = 0;
            snprintf(many + strlen(many), sizeof many - strlen(many), "%.1s/", &separator);
            snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "%.1s/p/root", &separator);
        }
        size_t size = map_list_room(many, separators[index]);
        char *exact = malloc(size);
        end = map_list(many, separators[index], exact, size);
        expect("list", many, end == NULL ? NULL : exact, wanted);
        free(exact);
    }
}

// What a link is to hold stays as it was said, where that means the same.
static void targets(void) {
    static const char *const cases_of[][2] = {
        {"/usr/lib", "/p/root/usr/lib"}, {"//usr/./lib//x/", "/p/root//usr/./lib//x/"}, {"/", "/p/root/"},
        {"/a/../b", "/p/root/a/../b"},   {"/../a", "/p/root/a"},                        {"/a/../../b", "/p/root/a/../b"},
        {"/tmp/../usr", "/p/root/usr"},  {"/tmp/x", "/tmp/x"},                          {"/usr/../tmp/x", "/tmp/x"},
        {"../x", "../x"},                {"tmp/x", "tmp/x"},                            {"", ""},
    };
    for (size_t index = 0; index < sizeof cases_of / sizeof *cases_of; index++) {
        const char *target = cases_of[index][0];
        char room[map_room(target)];
        expect("target", target, map_target(target, room, sizeof room), cases_of[index][1]);
    }
    expect("target", "NULL", map_target(NULL, (char[1]){0}, 1), NULL);
}

int main(int count, char **arguments) {
    assert(count == 2);
    // Without a prefix nothing happens.
    stays("/usr");
    stays("../../x");
    shows("/p/root/usr", "/p/root/usr");
    the_mapping = (mapping){"/p/root", 7, "/var/task:/opt/::/mnt", NULL, NULL};
    absolute();
    host();
    relative();
    lengths();
    noise();
    lists();
    targets();
    shows("/p/root", "/");
    shows("/p/root/", "/");
    shows("/p/root/usr/lib", "/usr/lib");
    shows("/p/rooted", "/p/rooted");
    shows("/tmp/x", "/tmp/x");
    shows("relative", "relative");
    the_mapping.program = "/p/root/bin/a";
    maps("/proc/self/exe", "/p/root/bin/a");
    char own[64];
    snprintf(own, sizeof own, "/proc/%d/exe", getpid());
    maps(own, "/p/root/bin/a");
    snprintf(own, sizeof own, "/proc/%d/exe", getppid());
    stays(own);
    stays("/proc/exe");
    stays("/proc/0/exe");
    the_mapping.program = NULL;
    climbing(arguments[1]);
    printf("%d cases\n", cases);
    return failures > 0;
}
