#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#if defined(__GLIBC__)
#include <malloc.h>
#elif defined(__APPLE__)
#include <malloc/malloc.h>
#endif

#include "failure.h"
#include "memory.h"

namespace torchlight {
namespace {

std::atomic<int64_t> live_bytes{0}, most_bytes{0};

// What this thread has allocated, less what it has freed, since its meter started.
struct Meter {
  bool on = false;
  int64_t now = 0, most = 0;
};
thread_local Meter meter;

// The size of a block as malloc made it, which free can ask for, too.
int64_t size_of(void* block) {
#if defined(__GLIBC__)
  return static_cast<int64_t>(malloc_usable_size(block));
#elif defined(__APPLE__)
  return static_cast<int64_t>(malloc_size(block));
#else
  (void)block;
  return 0;
#endif
}

void count(int64_t bytes) {
  const int64_t now = live_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (bytes > 0) {
    int64_t most = most_bytes.load(std::memory_order_relaxed);
    while (now > most && !most_bytes.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
    }
  }
  if (!meter.on) return;
  meter.now += bytes;
  meter.most = std::max(meter.most, meter.now);
}

c10::Allocator* libtorchs = nullptr;  // written once, before it is read

void free_block(void* block) {
  if (!block) return;
  count(-size_of(block));
  libtorchs->raw_deallocate(block);
}

// libtorch's allocator, with the blocks counted.
class Counted final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t n) override {
    void* block = libtorchs->raw_allocate(n);
    if (block) count(size_of(block));
    return {block, block, &free_block, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free_block; }
  void copy_data(void* to, const void* from, size_t n) const override { default_copy_data(to, from, n); }
};

}  // namespace

void count_memory() {
  static std::once_flag once;
  std::call_once(once, [] {
    static Counted counted;
    libtorchs = c10::GetCPUAllocator();
    if (libtorchs->raw_deleter()) c10::SetCPUAllocator(&counted, /*priority=*/100);
  });
}

}  // namespace torchlight

extern "C" {

void tl_host_bytes(int64_t* live, int64_t* most) {
  *live = torchlight::live_bytes;
  *most = torchlight::most_bytes;
  torchlight::most_bytes = *live;
}

void tl_meter_start(void) { torchlight::meter = {true}; }

void tl_meter_stop(int64_t* most, int64_t* left) {
  *most = torchlight::meter.most;
  *left = torchlight::meter.now;
  torchlight::meter.on = false;
}

}  // extern "C"
