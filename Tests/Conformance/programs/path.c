// Where a program is, what paths are really called, and paths of odd shapes.
#include "conformance.h"

#include <sys/syscall.h>

static void where(const char *what) {
    char folder[PATH_MAX];
    text(what, getcwd(folder, sizeof folder));
}

CASE(getcwd) {
    where("at the start");
    show("chdir", chdir(DATA "/folder"));
    where("absolute");
    show("chdir", chdir(".."));
    where("up");
    show("chdir", chdir("folder-link"));
    where("through a link");
    show("chdir", chdir("/"));
    where("root");
    show("chdir", chdir("../../.."));
    where("above the root");
    show("chdir", chdir("../usr"));
    where("up and down from the root");
    show("missing", chdir(DATA "/missing"));
    show("a file", chdir(DATA "/file"));
    show("empty", chdir(""));
    where("still there");
    show("tmp", chdir("/tmp"));
    where("in /tmp");
    show("out of /tmp", chdir("../usr/share"));
    where("out of /tmp");
    show("proc", chdir("/proc"));
    where("in /proc");
    show("out of /proc", chdir(".."));
    where("out of /proc");
}

CASE(getcwd_sizes) {
    char small[8];
    show("chdir", chdir(DATA));
    text("too small", getcwd(small, sizeof small));
    errno = 0;
    text("size 0", getcwd(small, 0));
    char exact[sizeof DATA];
    text("exactly fitting", getcwd(exact, sizeof exact));
    text("one byte less", getcwd(exact, sizeof exact - 1));
    char *made = getcwd(NULL, 0);
    text("allocated", made);
    free(made);
    made = getcwd(NULL, 200);
    text("allocated with a size", made);
    free(made);
    made = getcwd(NULL, 5);
    text("allocated too small", made);
    char bytes[PATH_MAX];
    long length = syscall(SYS_getcwd, bytes, sizeof bytes);
    show("by syscall", length);
    text("by syscall", bytes);
}

CASE(get_current_dir_name) {
    show("chdir", chdir(DATA));
    text("get_current_dir_name", get_current_dir_name());
    setenv("PWD", DATA, 1);
    text("with PWD", get_current_dir_name());
    show("chdir", chdir(DATA "/folder"));
    setenv("PWD", DATA "/folder-link", 1);
    text("with PWD a link", get_current_dir_name());
    setenv("PWD", "/nonsense", 1);
    text("with a wrong PWD", get_current_dir_name());
}

#ifdef __GLIBC__
GLIBC_CASE(getwd) {
    char folder[PATH_MAX];
    show("chdir", chdir(DATA));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    text("getwd", getwd(folder));
#pragma GCC diagnostic pop
    text("canonicalize_file_name", canonicalize_file_name(DATA "/absolute-link"));
    text("canonicalize_file_name, missing", canonicalize_file_name(DATA "/missing"));
}
#endif

CASE(getcwd_removed) {
    show("mkdir", mkdir(WORK "/gone", 0700));
    show("chdir", chdir(WORK "/gone"));
    show("rmdir", rmdir(WORK "/gone"));
    where("removed");
    show("..", chdir(".."));
    show("create", open("file", O_CREAT | O_WRONLY, 0600));
}

CASE(fchdir) {
    int folder = open(DATA "/folder", O_RDONLY | O_DIRECTORY);
    show("fchdir", fchdir(folder));
    where("there");
    show_content("relative", open("inner", O_RDONLY));
    int root = open("/", O_RDONLY | O_DIRECTORY);
    show("fchdir", fchdir(root));
    where("root");
    show("stat .. of the root", chdir(".."));
    where("root still");
    show("fchdir of a file", fchdir(open(DATA "/file", O_RDONLY)));
}

CASE(chroot_refused) { show("chroot", chroot(DATA)); }

static void real(const char *path) {
    char space[PATH_MAX];
    memset(space, 0, sizeof space);
    text(path, realpath(path, space));
}

CASE(realpath) {
    real(DATA "/file");
    real(DATA "/absolute-link");
    real(DATA "/relative-link");
    real(DATA "/chain/file");
    real(DATA "/folder-link/inner");
    real(DATA "/folder-link/../file");
    real(DATA "/link-to-root/usr");
    real(DATA "/missing");
    real(DATA "/missing/deeper");
    real(DATA "/dangling");
    real(DATA "/loop");
    real(DATA "/file/");
    real(DATA "/folder/");
    real("/");
    real("//");
    real("/..");
    real("/../../usr");
    real("/../../../../../../usr/share/../../etc/conformance-only-in-image");
    real("/bin");
    real("/lib");
    real("/proc/self/cwd");
    real("/dev/null");
    real("/tmp");
    real("/tmp/../usr");
    real("");
    show("chdir", chdir(DATA));
    real("file");
    real(".");
    real("..");
    real("../../../..");
    real("../../../../../../etc/conformance-only-in-image");
    char *made = realpath("folder/inner", NULL);
    text("allocated", made);
    free(made);
    errno = 0;
    text("no path", realpath(NULL, NULL));
}

CASE(realpath_in_tmp) {
    write_file("/tmp/plain", "x");
    real("/tmp/plain");
    show("symlink", symlink("/usr/share/conformance/file", "/tmp/to-image"));
    real("/tmp/to-image");
    show_content("read", open("/tmp/to-image", O_RDONLY));
    show("symlink", symlink("/tmp/plain", WORK "/to-tmp"));
    real(WORK "/to-tmp");
    show_content("read", open(WORK "/to-tmp", O_RDONLY));
}

static void link_target(const char *path) {
    char space[PATH_MAX];
    ssize_t length = readlink(path, space, sizeof space - 1);
    if (length >= 0) space[length] = 0;
    text(path, length < 0 ? NULL : space);
}

CASE(readlink_of_image) {
    // The targets of links that the image brought are relative now; where they lead is what counts.
    link_target(DATA "/relative-link");
    link_target(DATA "/file");
    link_target(DATA "/missing");
    link_target("");
    link_target("/");
}

CASE(readlink_absolute_of_image) {
    link_target(DATA "/absolute-link");
    link_target("/usr/bin/awk");
}

CASE(readlink_own) {
    show("absolute", symlink("/usr/share/conformance/file", WORK "/a"));
    show("relative", symlink("../usr/share/conformance/file", WORK "/r"));
    show("to the root", symlink("/", WORK "/root"));
    show("nowhere", symlink("/nowhere/at/all", WORK "/n"));
    show("proc", symlink("/proc/self", WORK "/p"));
    show("tmp", symlink("/tmp/x", WORK "/t"));
    show("odd", symlink("//usr/./share/../share", WORK "/o"));
    show("text", symlink("any text: @!", WORK "/x"));
    link_target(WORK "/a");
    link_target(WORK "/r");
    link_target(WORK "/root");
    link_target(WORK "/n");
    link_target(WORK "/p");
    link_target(WORK "/t");
    link_target(WORK "/o");
    link_target(WORK "/x");
    show_content("followed", open(WORK "/a", O_RDONLY));
    show_content("followed", open(WORK "/r", O_RDONLY));
    show_content("followed", open(WORK "/root/etc/conformance-only-in-image", O_RDONLY));
    show("empty target", symlink("", WORK "/e"));
}

CASE(readlink_sizes) {
    char space[32];
    memset(space, '#', sizeof space);
    show("symlink", symlink("/usr/share/conformance", WORK "/a"));
    show("short", readlink(WORK "/a", space, 5));
    printf("%.6s\n", space);
    show("none", readlink(WORK "/a", space, 0));
    memset(space, '#', sizeof space);
    int folder = open(WORK, O_RDONLY | O_DIRECTORY);
    show("readlinkat", readlinkat(folder, "a", space, sizeof space));
    printf("%.23s\n", space);
    int link = open(WORK "/a", O_PATH | O_NOFOLLOW);
    show("of a descriptor", readlinkat(link, "", space, sizeof space));
    printf("%.22s\n", space);
    show("by syscall", syscall(SYS_readlinkat, folder, "a", space, sizeof space));
    printf("%.22s\n", space);
}

CASE(readlink_self) {
    link_target("/proc/self/exe");
    show("chdir", chdir(DATA));
    link_target("/proc/self/cwd");
    link_target("/proc/self/root");
    char path[64], target[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)getpid());
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = 0;
    text("by number", target);
    int file = open(DATA "/file", O_RDONLY);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    length = readlink(path, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = 0;
    text("descriptor", target);
    show_content("opened again", open(path, O_RDONLY));
    real("/proc/self/exe");
    real(path);
}

CASE(odd_slashes) {
    show_content("//", open("//usr//share///conformance/file", O_RDONLY));
    show_content("/./", open("/./usr/./share/conformance/./file", O_RDONLY));
    show_content("/../..", open("/../../usr/share/conformance/file", O_RDONLY));
    show_content("/usr/../..", open("/usr/../../../usr/share/conformance/file", O_RDONLY));
    show_content("through a file", open(DATA "/file/../file", O_RDONLY));
    show_content("through nothing", open(DATA "/missing/../file", O_RDONLY));
    show_content("slash at the end", open(DATA "/file/", O_RDONLY));
    show_content("dot at the end", open(DATA "/file/.", O_RDONLY));
    show_content("up from a linked folder", open(DATA "/link-to-share/../conformance-above", O_RDONLY));
    show_content("/tmp upward", open("/tmp/../usr/share/conformance/file", O_RDONLY));
    show_content("/proc upward", open("/proc/../usr/share/conformance/file", O_RDONLY));
    show_content("//proc", open("//proc/self/comm", O_RDONLY));
    show_content("/./dev", open("/./dev/null", O_RDONLY));
    show_content("/usr/../dev", open("/usr/../dev/null", O_RDONLY));
    show_content("empty", open("", O_RDONLY));
    struct stat status;
    show("mkdir with slash", mkdir(WORK "/made///", 0700));
    show("create with slash", open(WORK "/made2/", O_CREAT | O_WRONLY, 0600));
    show("stat", stat(WORK "//made", &status));
    show("three slashes", stat("///", &status));
    show("four bytes", stat("/..", &status));
    show("dots in names", open(WORK "/...", O_CREAT | O_WRONLY, 0600));
    show_content("dots in names", open("/.../../desk/...", O_RDONLY));
}

// The kernel's limit is 4096 bytes with the end; a prefix must not make it smaller for what fits.
static long open_padded(size_t length) {
    static char path[5000];
    size_t tail = strlen("usr/share/conformance/file");
    memset(path, 0, sizeof path);
    path[0] = '/';
    size_t at = 1;
    while (at + 2 <= length - tail) path[at++] = '.', path[at++] = '/';
    while (at < length - tail) path[at++] = '/';
    strcpy(path + at, "usr/share/conformance/file");
    int descriptor = open(path, O_RDONLY);
    if (descriptor >= 0) close(descriptor);
    return descriptor < 0 ? -1 : 0;
}

CASE(long_paths) {
    size_t lengths[] = {200, 1000, 4000, 4070, 4080, 4094, 4095, 4096, 4097, 4500};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        printf("%zu bytes ", lengths[i]);
        show("open", open_padded(lengths[i]));
    }
}

CASE(long_names) {
    char path[PATH_MAX + 300], name[300];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    snprintf(path, sizeof path, WORK "/%s", name);
    show("255", open(path, O_CREAT | O_WRONLY, 0600) >= 0 ? 0 : -1);
    name[255] = 'n', name[256] = 0;
    snprintf(path, sizeof path, WORK "/%s", name);
    show("256", open(path, O_CREAT | O_WRONLY, 0600) >= 0 ? 0 : -1);
}

CASE(deep_folders) {
    // Made by relative steps, as deep as no absolute path can be.
    show("chdir", chdir(WORK));
    char name[201];
    memset(name, 'd', 200);
    name[200] = 0;
    int depth = 0;
    for (; depth < 25; depth++)
        if (mkdir(name, 0700) || chdir(name)) break;
    show("depth", depth);
    char space[2 * PATH_MAX];
    char *folder = getcwd(space, sizeof space);
    if (folder)
        show("length", (long)strlen(folder));
    else
        show("getcwd", -1);
    write_file("leaf", "deep");
    show_content("relative", open("leaf", O_RDONLY));
    for (; depth; depth--)
        if (chdir("..")) break;
    show("left", depth);
    text("back", getcwd(space, sizeof space));
}

CASE(odd_names) {
    const char *names[] = {"new\nline", "latin-\xe9\xff", " space ", "quote\"'", "back\\slash", "-dash", "$(id)", "*", "a:b", "\x01"};
    char path[300];
    show("chdir", chdir(WORK));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, WORK "/%s", names[i]);
        write_file(path, names[i]);
        show_content("absolute", open(path, O_RDONLY));
        show_content("relative", open(names[i], O_RDONLY));
        real(path);
    }
}

CASE(null_pointers) {
    volatile const char *none = NULL;
    struct stat status;
    show("open", open((const char *)none, O_RDONLY));
    show("stat", stat((const char *)none, &status));
    show("access", access((const char *)none, F_OK));
    show("chdir", chdir((const char *)none));
    show("unlink", unlink((const char *)none));
    show("a wild pointer", open((const char *)16, O_RDONLY));
    show("a wild pointer", stat((const char *)16, &status));
}

CASE(host_folders) {
    show_content("dev", open("/dev/null", O_RDONLY));
    show("write dev", open("/dev/null", O_WRONLY) >= 0 ? 0 : -1);
    show("zero", access("/dev/zero", R_OK));
    show_content("package", open("/var/task/package-file", O_RDONLY));
    show("package for writing", open("/var/task/package-file", O_WRONLY));
    show("make in the package", mkdir("/var/task/new", 0700));
    show_content("not the package", open("/var/taskx", O_RDONLY));
    write_file("/tmp/shared", "in /tmp");
    show_content("tmp", open("/tmp/shared", O_RDONLY));
    show("/tmpfoo", mkdir("/tmpfoo", 0700));
    write_file("/tmpfoo/file", "not in /tmp");
    show_content("/tmpfoo", open("/tmpfoo/file", O_RDONLY));
    show("/procfoo", mkdir("/procfoo", 0700));
    show("/devfoo", mkdir("/devfoo", 0700));
    show("comm", access("/proc/self/comm", R_OK));
    show("sys", access("/sys/kernel", R_OK));
    show_content("hosts", open("/etc/hosts", O_RDONLY));
    show_content("hostname", open("/etc/hostname", O_RDONLY));
    show("resolv.conf", access("/etc/resolv.conf", R_OK));
    show_content("hosts, another way", open("/etc/../etc//hosts", O_RDONLY));
    show("hostsfoo", open("/etc/hostsfoo", O_RDONLY));
    show("only on the host", access("/etc/conformance-only-on-host", F_OK));
}

CASE(descriptors_left) {
    // Nothing may leave a descriptor open, or use one that a program expects to be free.
    struct stat status;
    char space[PATH_MAX];
    stat(DATA "/file", &status);
    (void)!realpath(DATA "/absolute-link", space);
    (void)!getcwd(space, sizeof space);
    access(DATA, R_OK);
    (void)!system("true");
    pid_t child = fork();
    if (!child) _exit(0);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 256; i++)
        if (fcntl(i, F_GETFD) >= 0) printf("descriptor %d\n", i);
    show("next", open(DATA "/file", O_RDONLY));
}
