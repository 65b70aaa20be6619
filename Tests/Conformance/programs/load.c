// Libraries are loaded while the program runs.
#include "conformance.h"

#include <dlfcn.h>
#include <link.h>

static void load(const char *path) {
    void *library = dlopen(path, RTLD_NOW);
    if (!library) {
        const char *message = dlerror();
        printf("%s: %s\n", path, message ? message : "failed without a message");
        return;
    }
    const char *(*name)(void) = (const char *(*)(void))dlsym(library, "plug_name");
    printf("%s: %s\n", path, name ? name() : "no symbol");
}

CASE(dlopen_absolute) { load(DATA "/plugins/libplug.so"); }
CASE(dlopen_link) { load(DATA "/plugins/absolute-link.so"); }
CASE(dlopen_bare) { load("libbare.so"); }
CASE(dlopen_rpath) { load("liborigin.so"); }
CASE(dlopen_absolute_rpath) { load("libabsolute.so"); }
CASE(dlopen_missing) {
    void *library = dlopen(DATA "/plugins/libmissing.so", RTLD_NOW);
    printf("loaded: %d\n", library != NULL);
    const char *message = dlerror();
    printf("message names the path: %d, a prefix: %d\n", message && strstr(message, DATA "/plugins/libmissing.so") != NULL,
           message && strstr(message, "/tmp/scar") != NULL);
    load("libnowhere.so.1");
}
CASE(dlopen_relative) {
    show("chdir", chdir(DATA "/plugins"));
    load("./libplug.so");
}
CASE(dlopen_needs) { load(DATA "/plugins/libneeds.so"); }
CASE(dlopen_of_constructor) { load(DATA "/plugins/libopens.so"); }
CASE(dlopen_self) {
    void *self = dlopen(NULL, RTLD_NOW);
    done("self", self != NULL);
    done("symbol", dlsym(self, "malloc") != NULL);
}
CASE(dlopen_text) { load(DATA "/file"); }

CASE(dladdr) {
    Dl_info info;
    show("own", dladdr((void *)case_dladdr, &info));
    text("name", info.dli_fname);
    void *library = dlopen(DATA "/plugins/libplug.so", RTLD_NOW);
    void *symbol = dlsym(library, "plug_name");
    show("library", dladdr(symbol, &info));
    text("name", info.dli_fname);
    text("symbol", info.dli_sname);
    show("nothing", dladdr((void *)1, &info));
#ifdef __GLIBC__
    struct link_map *map = NULL;
    show("dladdr1", dladdr1(symbol, &info, (void **)&map, RTLD_DL_LINKMAP));
    text("name", info.dli_fname);
#endif
}

CASE(dladdr_of_c_library) {
    Dl_info info;
    show("dladdr", dladdr((void *)dlsym(RTLD_DEFAULT, "qsort"), &info));
    char space[PATH_MAX];
    text("name", realpath(info.dli_fname, space));
}

static int note(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size, (void)data;
    // Names of the kernel's own library and of this library differ; a prefix must not show.
    if (strstr(info->dlpi_name, "libscar-path") || strstr(info->dlpi_name, "vdso") || !*info->dlpi_name) return 0;
    add_line("%s", info->dlpi_name);
    return 0;
}

CASE(dl_iterate_phdr) {
    dlopen(DATA "/plugins/libplug.so", RTLD_NOW);
    dl_iterate_phdr(note, NULL);
    show_lines("loaded");
}

CASE(dlsym_of_file_calls) {
    // A program that asks for open by name gets one that works.
    int (*opens)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_DEFAULT, "open");
    show_content("default", opens(DATA "/file", O_RDONLY));
    opens = (int (*)(const char *, int, ...))dlsym(dlopen(NULL, RTLD_NOW), "open");
    show_content("of the program", opens(DATA "/file", O_RDONLY));
}

CASE(dlinfo_origin) {
#ifdef __GLIBC__
    void *library = dlopen(DATA "/plugins/libplug.so", RTLD_NOW);
    char origin[PATH_MAX] = "";
    show("dlinfo", dlinfo(library, RTLD_DI_ORIGIN, origin));
    text("origin", origin);
#endif
}

#ifdef __GLIBC__
GLIBC_CASE(dlinfo_link_map) {
    struct link_map *map = NULL;
    show("map", dlinfo(dlopen(DATA "/plugins/libplug.so", RTLD_NOW), RTLD_DI_LINKMAP, &map));
    text("name", map->l_name);
}
#endif

#ifdef __GLIBC__
GLIBC_CASE(dlmopen) {
    void *library = dlmopen(LM_ID_BASE, DATA "/plugins/libplug.so", RTLD_NOW);
    done("dlmopen", library != NULL);
}
#endif
