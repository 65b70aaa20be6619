#include "library.h"

// The functions that need nothing but their paths mapped, one for each such line of the table. Each asks first whether
// there is anything to do: a path that stays as it is costs a look at its first bytes.

#define START(name, failed)             \
    is_active();                        \
    __typeof__(&name) next_ = NEXT(name); \
    if (next_ == NULL) return fail(ENOSYS), failed

#define PATH(result, failed, name, parameters, arguments, path) \
    result name parameters {                                    \
        START(name, failed);                                    \
        MAP(path);                                              \
        return next_ arguments;                                 \
    }
#define PATH_AT(result, failed, name, parameters, arguments, folder, path) \
    result name parameters {                                               \
        START(name, failed);                                               \
        MAP_AT(folder, path);                                              \
        return next_ arguments;                                            \
    }
#define PATHS(result, failed, name, parameters, arguments, from, to) \
    result name parameters {                                         \
        START(name, failed);                                         \
        MAP(from);                                                   \
        MAP(to);                                                     \
        return next_ arguments;                                      \
    }
#define PATHS_AT(result, failed, name, parameters, arguments, from_folder, from, to_folder, to) \
    result name parameters {                                                                    \
        START(name, failed);                                                                    \
        MAP_AT(from_folder, from);                                                              \
        MAP_AT(to_folder, to);                                                                  \
        return next_ arguments;                                                                 \
    }
#define OWN(result, name, parameters)
#define NEXT_ONLY(result, name, parameters)

#include "functions.def"
