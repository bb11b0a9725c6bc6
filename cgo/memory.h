// Host memory of tensors: how much there is, and how much a call takes.
#ifndef TORCHLIGHT_MEMORY_H
#define TORCHLIGHT_MEMORY_H

namespace torchlight {

// Counts the blocks of libtorch's allocator from now on. Repeating it is free.
void count_memory();

}  // namespace torchlight

#endif  // TORCHLIGHT_MEMORY_H
