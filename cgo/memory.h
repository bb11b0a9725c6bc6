// Host memory: how much tensors hold, how much a call takes, what becomes of it.
#ifndef TORCHLIGHT_MEMORY_H
#define TORCHLIGHT_MEMORY_H

namespace torchlight {

// Counts the blocks of libtorch's allocator from now on. Repeating it is free.
void count_memory();

// Until the first run, and from the first run on.
void return_freed_memory();
void keep_freed_memory();

}  // namespace torchlight

#endif  // TORCHLIGHT_MEMORY_H
