#include "bytes.h"
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    char *out = to;
    const char *in = from;
    while (count-- > 0) *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t count) {
    char *out = to;
    const char *in = from;
    if ((uintptr_t)out - (uintptr_t)in >= count) return memcpy(to, from, count);
    while (count-- > 0) out[count] = in[count];
    return to;
}

void *memset(void *to, int byte, size_t count) {
    char *out = to;
    while (count-- > 0) *out++ = (char)byte;
    return to;
}

int memcmp(const void *one, const void *other, size_t count) {
    const unsigned char *a = one, *b = other;
    for (; count > 0; count--, a++, b++)
        if (*a != *b) return *a - *b;
    return 0;
}

size_t strlen(const char *text) {
    const char *end = text;
    while (*end != 0) end++;
    return (size_t)(end - text);
}

int strcmp(const char *one, const char *other) {
    while (*one != 0 && *one == *other) one++, other++;
    return (unsigned char)*one - (unsigned char)*other;
}

const char *find_byte(const char *text, char byte) {
    while (*text != 0 && *text != byte) text++;
    return text;
}

bool begins_with(const char *text, const char *start, size_t length) {
    // Byte by byte: the text may end before.
    for (; length > 0; length--)
        if (*text++ != *start++) return false;
    return true;
}

char *append(char *to, const char *text) {
    while (*text != 0) *to++ = *text++;
    *to = 0;
    return to;
}

char *append_number(char *to, unsigned long number) {
    char digits[20];
    int count = 0;
    do digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    while (count > 0) *to++ = digits[--count];
    *to = 0;
    return to;
}
