// The door to libFuzzer, which ships with the compiler and has no header of its own (llvm.org/docs/LibFuzzer.html).
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Fuzzes until it is told to stop by the arguments, or finds something and ends the process.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*test)(const uint8_t *bytes, size_t count));

/// libFuzzer's own changes, for mutators that add some; gives the new size.
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t count, size_t limit);
