// Small libraries for load.c; what they are is said with -D.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef NEEDS
const char *plug_dependency(void);
const char *plug_name(void) { return plug_dependency(); }
#elif defined DEPENDENCY
const char *plug_dependency(void) { return "the dependency"; }
#elif defined OPENS
static const char *result = "no constructor ran";
__attribute__((constructor)) static void opens(void) {
    int file = open("/usr/share/conformance/file", O_RDONLY);
    result = file < 0 ? "the constructor found nothing" : "the constructor opened the file";
    if (file >= 0) close(file);
}
const char *plug_name(void) { return result; }
#elif defined PRELOAD
__attribute__((constructor)) static void mark(void) { setenv("CONFORMANCE_PRELOADED", "1", 1); }
#else
const char *plug_name(void) { return NAME; }
#endif
