#pragma once
#include <stdbool.h>
#include <stddef.h>

// What every C compiler may call, and what the library needs of strings; no C library is there to bring it.
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *one, const void *other, size_t count);
size_t strlen(const char *text);
int strcmp(const char *one, const char *other);

// The first place of a byte, or the NUL at the end.
const char *find_byte(const char *text, char byte);
// Whether a text begins with `start`, which is `length` bytes long.
bool begins_with(const char *text, const char *start, size_t length);
// Appends `text` at `to`; answers its end, where a NUL is.
char *append(char *to, const char *text);
// Appends a number that is not negative.
char *append_number(char *to, unsigned long number);
