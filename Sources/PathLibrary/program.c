// What a file is that is to be started, and how it is started.
#include "exec.h"
#include <linux/elf.h>

enum {
    head_size = 256,     // as much of a file as the kernel looks at
    deepest_script = 5,  // an interpreter may be a script, so often
    argument_room = 5,   // what may come before the arguments
};

#ifdef __x86_64__
enum { own_machine = 62 };
#else
enum { own_machine = 183 };
#endif

typedef struct {
    int file;
    long length;
    char bytes[head_size + 1];
} head;

static int start_mapped(launch *how, const char *said, const char *real, char *const arguments[], int depth);

// The interpreter and its one argument in a line that begins with "#!"; both are cut out where they stand.
static bool read_interpreter(head *of, char **interpreter, char **argument) {
    char *start = of->bytes + 2, *end = start, *limit = of->bytes + of->length;
    while (end < limit && *end != '\n') end++;
    bool is_whole = end < limit || of->length < head_size;
    if (!is_whole) {
        // The last byte can only say whether the name before it is whole.
        end--;
        is_whole = *end == ' ' || *end == '\t' || *end == 0;
    }
    while (start < end && (*start == ' ' || *start == '\t')) start++;
    char *name_end = start;
    while (name_end < end && *name_end != ' ' && *name_end != '\t' && *name_end != 0) name_end++;
    // A name that is cut off might name another program.
    if (name_end == start || (name_end == end && !is_whole)) return false;
    while (end > name_end && (end[-1] == ' ' || end[-1] == '\t')) end--;
    *end = 0;
    *interpreter = start;
    *argument = NULL;
    if (name_end < end) {
        *name_end++ = 0;
        while (*name_end == ' ' || *name_end == '\t') name_end++;
        if (*name_end != 0) *argument = name_end;
    }
    return true;
}

static int start_script(launch *how, head *script, const char *said, char *const arguments[], int depth) {
    char *interpreter, *argument;
    if (!read_interpreter(script, &interpreter, &argument)) return ENOEXEC;
    char *all[count_entries(arguments) + argument_room];
    size_t count = 0;
    all[count++] = interpreter;
    if (argument != NULL) all[count++] = argument;
    all[count++] = (char *)said;
    for (size_t index = 1; arguments != NULL && arguments[0] != NULL && arguments[index] != NULL; index++)
        all[count++] = arguments[index];
    all[count] = NULL;
    const char *path = interpreter;
    MAP(path);
    return start_mapped(how, interpreter, path, all, depth + 1);
}

// Whether the bytes are an ELF program of this machine.
static bool is_own_program(const head *of) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)of->bytes;
    return of->length >= (long)sizeof *header && header->e_ident[EI_CLASS] == ELFCLASS64 &&
           header->e_ident[EI_DATA] == ELFDATA2LSB && header->e_machine == own_machine &&
           header->e_phentsize == sizeof(Elf64_Phdr);
}

// The loader that a program names. False when it names none, or nothing that can be read.
static bool read_loader(const head *of, char *path, size_t size) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)of->bytes;
    for (unsigned index = 0; index < header->e_phnum; index++) {
        Elf64_Phdr segment;
        long at = (long)(header->e_phoff + index * sizeof segment);
        if (kernel_read_at(of->file, &segment, sizeof segment, at) != sizeof segment) return false;
        if (segment.p_type != PT_INTERP) continue;
        if (segment.p_filesz < 2 || segment.p_filesz > size) return false;
        long length = (long)segment.p_filesz;
        if (kernel_read_at(of->file, path, (size_t)length, (long)segment.p_offset) != length) return false;
        return path[length - 1] == 0 && path[0] == '/';
    }
    return false;
}

static const char *last_name(const char *path) {
    const char *name = path;
    for (; *path != 0; path++)
        if (*path == '/') name = path + 1;
    return name;
}

// `loader [--argv0 name] program arguments…`
static int start_through_loader(
    launch *how, const char *loader, bool names, const char *real, const char *program, char *const arguments[]) {
    // Without a slash the loader would search for it as for a library.
    char with_folder[strlen(real) + 3];
    bool is_bare = *find_byte(real, '/') == 0;
    if (is_bare) append(append(with_folder, "./"), real);
    char *all[count_entries(arguments) + argument_room];
    size_t count = 0;
    bool has_name = arguments != NULL && arguments[0] != NULL;
    all[count++] = (char *)loader;
    if (names && has_name) {
        all[count++] = (char *)"--argv0";
        all[count++] = arguments[0];
    }
    all[count++] = is_bare ? with_folder : (char *)(names && program != NULL ? program : real);
    for (size_t index = 1; has_name && arguments[index] != NULL; index++) all[count++] = arguments[index];
    all[count] = NULL;
    return finish_with_environment(how, loader, all, program, has_name && !names ? arguments[0] : NULL);
}

// Apart, so that a script on a script does not pile up its rooms.
APART static int start_elf(launch *how, const head *of, const char *real, char *const arguments[]) {
    char loader[path_limit];
    // Static programs, those of other machines and broken ones are the kernel's business.
    if (!is_own_program(of) || !read_loader(of, loader, sizeof loader)) {
        kernel_close(of->file);
        return finish_with_environment(how, real, arguments, NULL, NULL);
    }
    char link[40], program[path_limit];
    append_number(append(link, "/proc/self/fd/"), (unsigned long)of->file);
    long length = kernel_read_link(link, program, sizeof program - 1);
    program[length > 0 ? length : 0] = 0;
    kernel_close(of->file);
    const char *mapped = loader;
    MAP(mapped);
    // The kernel finds this loader by itself.
    if (mapped == loader) return finish_with_environment(how, real, arguments, NULL, NULL);
    const char *images = the_settings.loader;
    bool is_images = images != NULL && strcmp(last_name(loader), last_name(images)) == 0;
    if (is_images) mapped = images;
    if (kernel_access(AT_FDCWD, mapped, 0) != 0) return ENOENT;
    return start_through_loader(
        how, mapped, is_images && the_settings.loader_names, real, length > 0 ? program : NULL, arguments);
}

// Opens a file and reads its beginning. Answers an error number; the file is -1 when it may be run but not read.
static int open_head(const char *real, head *of) {
    enum { may_run = 1 };
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    of->file = kernel_open(AT_FDCWD, real, flags);
    if (of->file < 0 && waits_for_bytes(AT_FDCWD, real, flags, -of->file)) of->file = kernel_open(AT_FDCWD, real, flags);
    if (of->file == -EACCES || of->file == -EMFILE || of->file == -ENFILE) {
        of->file = -1;
        return -kernel_access(AT_FDCWD, real, may_run);
    }
    if (of->file < 0) return -of->file;
    of->length = kernel_read_at(of->file, of->bytes, head_size, 0);
    // A folder, a pipe or a device cannot be run; nor what has no permission for it.
    int error = of->length < 0 ? EACCES : -kernel_access(AT_FDCWD, real, may_run);
    if (error != 0) kernel_close(of->file);
    else of->bytes[of->length] = 0;
    return error;
}

static int start_mapped(launch *how, const char *said, const char *real, char *const arguments[], int depth) {
    head of;
    int error = open_head(real, &of);
    if (error != 0) return error;
    if (depth > deepest_script) {
        if (of.file >= 0) kernel_close(of.file);
        return ELOOP;
    }
    if (of.file < 0) return finish_with_environment(how, real, arguments, NULL, NULL);
    if (begins_with(of.bytes, "\177ELF", 4)) return start_elf(how, &of, real, arguments);
    kernel_close(of.file);
    if (begins_with(of.bytes, "#!", 2)) return start_script(how, &of, said, arguments, depth);
    return ENOEXEC;
}

int start_program(launch *how, const char *path, char *const arguments[]) {
    if (path == NULL) return EFAULT;
    const char *said = path;
    MAP(path);
    return start_mapped(how, said, path, arguments, 0);
}

// What execvp does with a file that the kernel does not know: it is a script for the shell.
static int start_text(launch *how, const char *path, char *const arguments[]) {
    char *all[count_entries(arguments) + argument_room];
    size_t count = 0;
    all[count++] = (char *)"/bin/sh";
    all[count++] = (char *)path;
    for (size_t index = 1; arguments != NULL && arguments[0] != NULL && arguments[index] != NULL; index++)
        all[count++] = arguments[index];
    all[count] = NULL;
    return start_program(how, "/bin/sh", all);
}

static int start_found(launch *how, const char *path, char *const arguments[], bool shell_for_text) {
    int error = start_program(how, path, arguments);
    return error == ENOEXEC && shell_for_text ? start_text(how, path, arguments) : error;
}

int search_program(launch *how, const char *file, char *const arguments[], bool shell_for_text) {
    if (file == NULL || *file == 0) return ENOENT;
    if (*find_byte(file, '/') != 0) return start_found(how, file, arguments, shell_for_text);
    size_t length = strlen(file);
    if (length > 255) return ENAMETOOLONG;
    const char *next = variable("PATH");
    if (next == NULL) next = the_settings.is_musl ? "/usr/local/bin:/bin:/usr/bin" : "/bin:/usr/bin";
    int result = ENOENT;
    for (;;) {
        size_t folder = (size_t)(find_byte(next, ':') - next);
        if (folder < path_limit) {
            char path[folder + length + 2];
            memcpy(path, next, folder);
            path[folder] = 0;
            append(folder > 0 ? append(path + folder, "/") : path, file);
            int error = start_found(how, path, arguments, shell_for_text);
            if (error == EACCES) result = EACCES;
            else if (error != ENOENT && error != ENOTDIR && error != ESTALE && error != ENODEV && error != ETIMEDOUT)
                return error;
        }
        if (next[folder] == 0) return result;
        next += folder + 1;
    }
}
