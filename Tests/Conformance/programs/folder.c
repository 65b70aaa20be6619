// Folders are listed and walked.
#include "conformance.h"

#include <dirent.h>
#include <ftw.h>
#include <glob.h>
#include <sys/syscall.h>
#include <wordexp.h>
#ifdef __GLIBC__
#include <fts.h>
#endif

static void list(const char *what, DIR *folder) {
    if (!folder) {
        done(what, 0);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder));) add_line("%s %d", entry->d_name, entry->d_type);
    show_lines(what);
    closedir(folder);
}

CASE(opendir) {
    list("absolute", opendir(DATA));
    list("through an absolute link", opendir(DATA "/folder-link"));
    list("missing", opendir(DATA "/missing"));
    list("a file", opendir(DATA "/file"));
    list("the empty path", opendir(""));
    list("relative", (chdir(DATA), opendir("folder")));
    list("fdopendir", fdopendir(open(DATA "/folder", O_RDONLY | O_DIRECTORY)));
}

CASE(readdir_root) {
    DIR *folder = opendir("/");
    for (struct dirent *entry; (entry = readdir(folder));) add_line("%s", entry->d_name);
    show_lines("/");
    closedir(folder);
    folder = opendir("/..");
    for (struct dirent *entry; (entry = readdir(folder));) add_line("%s", entry->d_name);
    show_lines("/..");
    closedir(folder);
    show("chdir", chdir("/usr"));
    folder = opendir("../..");
    for (struct dirent *entry; (entry = readdir(folder));) add_line("%s", entry->d_name);
    show_lines("../.. of /usr");
    closedir(folder);
}

static int not_hidden(const struct dirent *entry) { return entry->d_name[0] != '.'; }

CASE(scandir) {
    struct dirent **entries;
    int count = scandir(DATA, &entries, not_hidden, alphasort);
    show("scandir", count);
    for (int i = 0; i < count; i++) text("entry", entries[i]->d_name);
    show("missing", scandir(DATA "/missing", &entries, NULL, NULL));
    struct dirent64 **large;
    show("scandir64", scandir64(DATA "/folder", &large, NULL, alphasort64));
#ifdef __GLIBC__
    int folder = open(DATA, O_RDONLY | O_DIRECTORY);
    show("scandirat", scandirat(folder, "folder", &entries, NULL, versionsort));
    show("scandirat absolute", scandirat(folder, DATA "/folder", &entries, NULL, alphasort));
    show("scandirat64", scandirat64(folder, DATA "/folder", &large, NULL, versionsort64));
#endif
}

static int seen(const char *path, const struct stat *status, int kind) {
    add_line("%s %d %d", path, S_ISREG(status->st_mode) ? (int)status->st_size : -1, kind);
    return 0;
}

static int seen64(const char *path, const struct stat64 *status, int kind) {
    add_line("%s %d %d", path, S_ISREG(status->st_mode) ? (int)status->st_size : -1, kind);
    return 0;
}

CASE(ftw) {
    show("ftw", ftw(DATA "/folder", seen, 8));
    show_lines("seen");
    show("ftw64", ftw64(DATA "/folder", seen64, 8));
    show_lines("seen");
    show("missing", ftw(DATA "/missing", seen, 8));
    show("chdir", chdir(DATA));
    show("relative", ftw("folder", seen, 8));
    show_lines("seen");
}

static int seen_deep(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status;
    add_line("%s %d base %d level %d", path, kind, place->base, place->level);
    text("  base", path + place->base);
    return 0;
}

static int seen_deep64(const char *path, const struct stat64 *status, int kind, struct FTW *place) {
    (void)status;
    add_line("%s %d base %d level %d", path, kind, place->base, place->level);
    return 0;
}

static int stop(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status, (void)kind, (void)place;
    text("stops at", path);
    return 17;
}

static int with_folder(const char *path, const struct stat *status, int kind, struct FTW *place) {
    char folder[PATH_MAX];
    (void)status;
    add_line("%s %d in %s", path, kind, getcwd(folder, sizeof folder));
    (void)place;
    return 0;
}

CASE(nftw) {
    show("physical", nftw(DATA "/folder", seen_deep, 8, FTW_PHYS));
    show_lines("seen");
    show("depth first", nftw(DATA "/folder", seen_deep, 8, FTW_PHYS | FTW_DEPTH));
    show_lines("seen");
    show("links followed", nftw(DATA "/folder-link", seen_deep, 8, 0));
    show_lines("seen");
    show("stopped", nftw(DATA "/folder", stop, 8, FTW_PHYS));
    show("nftw64", nftw64(DATA "/folder", seen_deep64, 8, FTW_PHYS));
    show_lines("seen");
    show("missing", nftw(DATA "/missing", seen_deep, 8, 0));
}

CASE(nftw_chdir) {
    show("nftw", nftw(DATA "/folder", with_folder, 8, FTW_PHYS | FTW_CHDIR));
    show_lines("seen");
}

static int nested(const char *path, const struct stat *status, int kind, struct FTW *place) {
    if (place->level == 0) {
        show("inside", nftw(DATA "/folder", seen_deep, 4, FTW_PHYS));
        show_lines("seen inside");
    }
    return seen_deep(path, status, kind, place);
}

CASE(nftw_nested) {
    show("outside", nftw(DATA "/folder", nested, 8, FTW_PHYS));
    show_lines("seen outside");
}

#ifdef __GLIBC__
static int by_name(const FTSENT **a, const FTSENT **b) { return strcmp((*a)->fts_name, (*b)->fts_name); }

static void walk(char *const *paths, int options) {
    FTS *walk = fts_open(paths, options, by_name);
    done("fts_open", walk != NULL);
    if (!walk) return;
    for (FTSENT *entry; (entry = fts_read(walk));)
        printf("  %s name %s info %d level %d length %d\n", entry->fts_path, entry->fts_name, entry->fts_info,
               entry->fts_level, entry->fts_pathlen);
    fts_close(walk);
}

GLIBC_CASE(fts) {
    char *folders[] = {DATA "/folder", DATA "/absolute-link", DATA "/missing", NULL};
    walk(folders, FTS_PHYSICAL);
    walk(folders, FTS_LOGICAL);
    walk(folders, FTS_PHYSICAL | FTS_NOCHDIR);
    char *relative[] = {"folder", NULL};
    show("chdir", chdir(DATA));
    walk(relative, FTS_PHYSICAL);
    char cwd[PATH_MAX];
    text("working folder after", getcwd(cwd, sizeof cwd));
}

// As many as a shell's pattern may bring, all of which may lead out of the image by their letters.
GLIBC_CASE(fts_of_many) {
    enum { count = 2000 };
    static char *paths[count + 1];
    for (int i = 0; i < count; i++) paths[i] = i % 2 ? "../folder/inner" : "../missing";
    show("chdir", chdir(DATA "/folder"));
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    done("fts_open", walk != NULL);
    int files = 0, missing = 0;
    for (FTSENT *entry; walk && (entry = fts_read(walk));) {
        files += entry->fts_info == FTS_F;
        missing += entry->fts_info == FTS_NS;
    }
    printf("%d files, %d missing\n", files, missing);
}

GLIBC_CASE(fts_children) {
    char *folders[] = {DATA "/folder", NULL};
    FTS *walk = fts_open(folders, FTS_PHYSICAL, by_name);
    fts_read(walk);
    for (FTSENT *child = fts_children(walk, 0); child; child = child->fts_link)
        printf("%s path %s\n", child->fts_name, child->fts_path);
    fts_close(walk);
}
#endif

static void show_glob(const char *what, const char *pattern, int flags) {
    glob_t found;
    memset(&found, 0, sizeof found);
    int result = glob(pattern, flags, NULL, &found);
    printf("%s: %d, %zu\n", what, result, found.gl_pathc);
    for (size_t i = 0; i < found.gl_pathc; i++) printf("  %s\n", found.gl_pathv[i]);
    globfree(&found);
}

CASE(glob) {
    show_glob("star", DATA "/f*", 0);
    show_glob("two levels", DATA "/*/i*", 0);
    show_glob("no magic", DATA "/file", 0);
    show_glob("no match", DATA "/nothing*", 0);
    show_glob("no match, kept", DATA "/nothing*", GLOB_NOCHECK);
    show_glob("marked", DATA "/f*", GLOB_MARK);
    show_glob("from the root", "/us?/shar[e]/conformance/file", 0);
    show_glob("root", "/us*", 0);
    show_glob("upward", "/../usr/share/conformance/fil*", 0);
    show_glob("through a link", DATA "/folder-link/*", 0);
    show("chdir", chdir(DATA));
    show_glob("relative", "f*", 0);
    show_glob("relative, deeper", "*/inner", 0);
#ifdef GLOB_BRACE
    show_glob("brace", DATA "/{file,folder}", GLOB_BRACE);
#endif
    setenv("HOME", DATA, 1);
#ifdef GLOB_TILDE
    show_glob("tilde", "~/f*", GLOB_TILDE);
#endif
}

CASE(glob_append) {
    glob_t found;
    memset(&found, 0, sizeof found);
    found.gl_offs = 2;
    show("first", glob(DATA "/f*", GLOB_DOOFFS, NULL, &found));
    show("second", glob(DATA "/folder/*", GLOB_DOOFFS | GLOB_APPEND, NULL, &found));
    for (size_t i = 0; i < found.gl_pathc; i++) text("found", found.gl_pathv[i + 2]);
    globfree(&found);
}

static int refuse(const char *path, int number) {
    printf("refused: %s %s\n", path, error_name(number));
    return 0;
}

CASE(glob_errors) {
    mkdir(WORK "/closed", 0);
    glob_t found;
    memset(&found, 0, sizeof found);
    show("glob", glob(WORK "/closed/*", 0, refuse, &found));
    show("glob64", glob64(DATA "/f*", 0, NULL, (glob64_t *)&found));
    for (size_t i = 0; i < found.gl_pathc; i++) text("found", found.gl_pathv[i]);
}

#ifdef __GLIBC__
static void *open_noted(const char *path) {
    printf("opens %s\n", path);
    return opendir(path);
}

GLIBC_CASE(glob_altdirfunc) {
    glob_t found;
    memset(&found, 0, sizeof found);
    found.gl_opendir = open_noted;
    found.gl_readdir = (struct dirent * (*)(void *)) readdir;
    found.gl_closedir = (void (*)(void *))closedir;
    found.gl_stat = stat;
    found.gl_lstat = lstat;
    show("glob", glob(DATA "/f*", GLOB_ALTDIRFUNC, NULL, &found));
    for (size_t i = 0; i < found.gl_pathc; i++) text("found", found.gl_pathv[i]);
}
#endif

SHELL_CASE(wordexp) {
    wordexp_t words;
    show("wordexp", wordexp(DATA "/f* plain", &words, 0));
    for (size_t i = 0; i < words.we_wordc; i++) text("word", words.we_wordv[i]);
}
