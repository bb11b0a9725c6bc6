// What glibc does with memory that is freed.
#include <cstdlib>
#include <mutex>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "memory.h"

namespace torchlight {
namespace {

// Whoever set a limit by the environment knows better.
bool chosen_by_user() {
  return std::getenv("MALLOC_MMAP_THRESHOLD_") || std::getenv("MALLOC_TRIM_THRESHOLD_") ||
         std::getenv("GLIBC_TUNABLES");
}

}  // namespace

// From here to the first run weights are read, folded and re-ordered, each once.
// Left to itself glibc learns from the first one freed to keep the rest, in holes.
void return_freed_memory() {
#ifdef __GLIBC__
  static std::once_flag once;
  std::call_once(once, [] {
    if (!chosen_by_user()) mallopt(M_MMAP_THRESHOLD, 256 << 10);
  });
#endif
}

// glibc returns large blocks to the system as soon as they are free, and takes
// them back, page by page, for the next operator: activations of a batch of eight
// made MobileNetV2 1.6 times slower. What a run needed once is kept for the next.
void keep_freed_memory() {
#ifdef __GLIBC__
  static std::once_flag once;
  std::call_once(once, [] {
    if (chosen_by_user()) return;
    // Older ones refuse more than 32 MB.
    if (!mallopt(M_MMAP_THRESHOLD, 1 << 30)) mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
  });
#endif
}

}  // namespace torchlight
