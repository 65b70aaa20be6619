// What programs find in their environment, what they put into it for others, and what of ours they do not see.
#include "exec.h"

#include <dlfcn.h>

CASE(environment) {
    // These are the C library's own, and stay: see docs/relocation.md.
    const char *kept[] = {"LOCPATH=", "GCONV_PATH=", "TZDIR="};
    for (char **variable = environ; *variable; variable++) {
        int skip = 0;
        for (int i = 0; i < 3; i++) skip |= !strncmp(*variable, kept[i], strlen(kept[i]));
        if (!skip) add_line("%s", *variable);
    }
    show_lines("environment");
}

CASE(environment_kept) {
    const char *kept[] = {"LOCPATH", "GCONV_PATH", "TZDIR"};
    for (int i = 0; i < 3; i++) printf("%s: %s\n", kept[i], getenv(kept[i]) ? getenv(kept[i]) : "(none)");
}

CASE(own_preload) {
    // A library of the program's own goes behind, and is seen as the program set it.
    setenv("LD_PRELOAD", DATA "/plugins/libpreload.so", 1);
    IN_CHILD("preload", execv(self, (char *[]){"n", "preloaded", NULL}));
    unsetenv("LD_PRELOAD");
    IN_CHILD("none", execv(self, (char *[]){"n", "preloaded", NULL}));
    char *environment[] = {"LD_PRELOAD=" DATA "/plugins/libpreload.so " DATA "/plugins/libplug.so", NULL};
    IN_CHILD("two", execve(self, (char *[]){"n", "preloaded", NULL}, environment));
    char *empty[] = {"LD_PRELOAD=", NULL};
    IN_CHILD("empty", execve(self, (char *[]){"n", "preloaded", NULL}, empty));
}

CASE(own_preload_missing) {
    setenv("LD_PRELOAD", DATA "/plugins/libmissing.so", 1);
    IN_CHILD("missing", execv(self, (char *[]){"n", "preloaded", NULL}));
}

CASE(preloaded) {
    text("LD_PRELOAD", getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "(none)");
    show_content("file", open(DATA "/file", O_RDONLY));
    text("answer", getenv("CONFORMANCE_PRELOADED") ? "preloaded" : "not preloaded");
}

CASE(own_library_path) {
    setenv("LD_LIBRARY_PATH", DATA "/plugins", 1);
    IN_CHILD("set", execv(self, (char *[]){"n", "library_path", NULL}));
    setenv("LD_LIBRARY_PATH", DATA "/plugins:/nowhere:relative", 1);
    IN_CHILD("several", execv(self, (char *[]){"n", "library_path", NULL}));
    setenv("LD_LIBRARY_PATH", "", 1);
    IN_CHILD("empty", execv(self, (char *[]){"n", "library_path", NULL}));
    unsetenv("LD_LIBRARY_PATH");
    IN_CHILD("none", execv(self, (char *[]){"n", "library_path_absent", NULL}));
}

// glibc's loader takes semicolons, too; and however many folders there are, the last is looked at.
GLIBC_CASE(own_library_path_of_many) {
    static const int counts[] = {2, 49, 80};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        static char path[2048];
        char *end = path;
        for (int folder = 1; folder < counts[i]; folder++) end += sprintf(end, "/nowhere/%d;", folder);
        strcpy(end, DATA "/plugins");
        setenv("LD_LIBRARY_PATH", path, 1);
        IN_CHILD("many", execv(self, (char *[]){"n", "library_path", NULL}));
    }
}

CASE(library_path) {
    text("LD_LIBRARY_PATH", getenv("LD_LIBRARY_PATH") ? getenv("LD_LIBRARY_PATH") : "(none)");
    done("by a bare name", dlopen("libneeds-path.so", RTLD_NOW) != NULL);
    // What it was given is handed on.
    fflush(stdout);
    if (!getenv("CONFORMANCE")) {
        setenv("CONFORMANCE", "second", 1);
        IN_CHILD("child", execv(self, (char *[]){"n", "library_path", NULL}));
    }
}
CASE(library_path_absent) { text("LD_LIBRARY_PATH", getenv("LD_LIBRARY_PATH") ? getenv("LD_LIBRARY_PATH") : "(none)"); }

SHELL_CASE(environment_of_process) {
    // Private variables are taken out; nothing is left of them in environ, in getenv or in a child.
    const char *names[] = {"SCAR_PATH_ROOT", "SCAR_PATH_LIBRARY", "SCAR_PATH_FOLDERS", "SCAR_PATH_LOADER", "SCAR_PATH_LOADER_NAMES",
                           "SCAR_PATH_HOST", "SCAR_PATH_AS_ROOT", "SCAR_PATH_KEEP", "SCAR_PATH_MISSED", "SCAR_PATH_OWN_LIBRARY_PATH",
                           "SCAR_PATH_OWN_PRELOAD", "LD_PRELOAD", "LD_LIBRARY_PATH"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) printf("seen: %s\n", names[i]);
    for (char **variable = environ; *variable; variable++)
        if (strstr(*variable, "SCAR_PATH")) text("seen", *variable);
    show("env", system("env | grep -c -e SCAR_PATH -e LD_PRELOAD -e LD_LIBRARY_PATH"));
}

CASE(as_root_is_off) {
    printf("uid %u %u gid %u %u\n", (unsigned)getuid(), (unsigned)geteuid(), (unsigned)getgid(), (unsigned)getegid());
}
