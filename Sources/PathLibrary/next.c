// Finds the C library's functions by reading the symbol tables of what is loaded. dlsym would do the same, but it locks
// and allocates, and before glibc 2.34 it is in a library that a program need not have.
#include "library.h"
#include <linux/elf.h>

// The loader's list of modules, in the order they were loaded: glibc's and musl's begin alike.
typedef struct module {
    uintptr_t base;
    const char *name;
    const Elf64_Dyn *dynamic;
    struct module *next, *previous;
} module;

typedef struct {
    int version;
    module *first;
} debugger_record;

// glibc's loader has the record under this name, musl's has a pointer to it under that.
extern debugger_record _r_debug __attribute__((weak));
extern debugger_record *_dl_debug_addr __attribute__((weak));
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));

enum {
    tag_hash = 4,
    tag_strings = 5,
    tag_symbols = 6,
    tag_gnu_hash = 0x6ffffef5,
    tag_versions = 0x6ffffff0,
    hidden_version = 0x8000,
    indirect_function = 10,
};

typedef struct {
    uintptr_t base;
    const Elf64_Sym *symbols;
    const char *strings;
    const uint16_t *versions;
    const uint32_t *gnu_hash, *hash;
} tables;

#define PATH(result, failed, name, parameters, arguments, path) #name,
#define PATH_AT(result, failed, name, parameters, arguments, folder, path) #name,
#define PATHS(result, failed, name, parameters, arguments, from, to) #name,
#define PATHS_AT(result, failed, name, parameters, arguments, a, from, b, to) #name,
#define OWN(result, name, parameters) #name,
#define NEXT_ONLY(result, name, parameters) #name,
static const char *const names[] = {
#include "functions.def"
};

void *next_functions[next_count];

static module *first_module(void) {
    if (&_r_debug != NULL && _r_debug.first != NULL) return _r_debug.first;
    return &_dl_debug_addr != NULL && _dl_debug_addr != NULL ? _dl_debug_addr->first : NULL;
}

// The first module after ours, as RTLD_NEXT has it; the first of all when ours is not in the list.
static module *module_after_ours(void) {
    for (module *each = first_module(); each != NULL; each = each->next)
        if (each->dynamic == _DYNAMIC) return each->next;
    return first_module();
}

static tables tables_of(const module *of) {
    tables all = {.base = of->base};
    for (const Elf64_Dyn *entry = of->dynamic; entry != NULL && entry->d_tag != 0; entry++) {
        // glibc writes addresses over what the file has, musl leaves it.
        uintptr_t value = entry->d_un.d_ptr;
        const void *address = (const void *)(value < of->base ? value + of->base : value);
        switch (entry->d_tag) {
        case tag_hash: all.hash = address; break;
        case tag_strings: all.strings = address; break;
        case tag_symbols: all.symbols = address; break;
        case tag_gnu_hash: all.gnu_hash = address; break;
        case tag_versions: all.versions = address; break;
        }
    }
    return all;
}

static bool is_definition(const tables *in, uint32_t index, const char *name) {
    const Elf64_Sym *symbol = &in->symbols[index];
    return symbol->st_shndx != 0 && symbol->st_value != 0 && strcmp(in->strings + symbol->st_name, name) == 0;
}

// The better of two definitions: the default version wins, then the newer one.
static uint32_t better(const tables *in, uint32_t one, uint32_t other) {
    if (one == 0 || in->versions == NULL) return one == 0 ? other : one;
    uint16_t a = in->versions[one], b = in->versions[other];
    if ((a ^ b) & hidden_version) return a & hidden_version ? other : one;
    return b > a ? other : one;
}

static uint32_t find_by_gnu_hash(const tables *in, const char *name, uint32_t hash) {
    const uint32_t buckets = in->gnu_hash[0], offset = in->gnu_hash[1], words = in->gnu_hash[2];
    const uint64_t *bloom = (const uint64_t *)(in->gnu_hash + 4);
    const uint32_t *heads = (const uint32_t *)(bloom + words), *chain = heads + buckets;
    uint64_t bits = 1ull << hash % 64 | 1ull << (hash >> in->gnu_hash[3]) % 64;
    if (buckets == 0 || words == 0 || (bloom[hash / 64 % words] & bits) != bits) return 0;
    uint32_t found = 0, index = heads[hash % buckets];
    if (index < offset) return 0;
    for (;; index++) {
        uint32_t has = chain[index - offset];
        if ((has | 1) == (hash | 1) && is_definition(in, index, name)) found = better(in, found, index);
        if (has & 1) return found;
    }
}

static uint32_t find_by_hash(const tables *in, const char *name) {
    uint32_t hash = 0;
    for (const char *next = name; *next != 0; next++) {
        hash = (hash << 4) + (unsigned char)*next;
        hash = (hash ^ (hash & 0xf0000000) >> 24) & 0x0fffffff;
    }
    const uint32_t buckets = in->hash[0], *heads = in->hash + 2, *chain = heads + buckets;
    uint32_t found = 0;
    if (buckets == 0) return 0;
    for (uint32_t index = heads[hash % buckets]; index != 0; index = chain[index])
        if (is_definition(in, index, name)) found = better(in, found, index);
    return found;
}

static void *address_of(const tables *in, uint32_t index) {
    const Elf64_Sym *symbol = &in->symbols[index];
    uintptr_t address = in->base + symbol->st_value;
    if ((symbol->st_info & 15) != indirect_function) return (void *)address;
    // The machine's abilities are the argument where there is one; zero is a machine without any.
    return ((void *(*)(unsigned long, const void *))address)(0, NULL);
}

static void *find_in(const tables *in, const char *name, uint32_t hash) {
    if (in->symbols == NULL || in->strings == NULL) return NULL;
    uint32_t index = in->gnu_hash != NULL ? find_by_gnu_hash(in, name, hash)
                   : in->hash != NULL   ? find_by_hash(in, name)
                                         : 0;
    return index == 0 ? NULL : address_of(in, index);
}

static uint32_t gnu_hash(const char *name) {
    uint32_t hash = 5381;
    while (*name != 0) hash = hash * 33 + (unsigned char)*name++;
    return hash;
}

void find_next_functions(void) {
    for (module *each = module_after_ours(); each != NULL; each = each->next) {
        tables in = tables_of(each);
        for (int index = 0; index < next_count; index++)
            if (next_functions[index] == NULL)
                next_functions[index] = find_in(&in, names[index], gnu_hash(names[index]));
    }
}

void *find_late(int index) {
    for (module *each = module_after_ours(); each != NULL; each = each->next) {
        tables in = tables_of(each);
        void *found = find_in(&in, names[index], gnu_hash(names[index]));
        if (found == NULL) continue;
        __atomic_store_n(&next_functions[index], found, __ATOMIC_RELAXED);
        return found;
    }
    return NULL;
}
