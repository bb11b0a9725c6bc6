#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <torch/csrc/api/include/torch/version.h>

#include <map>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "device.h"
#include "failure.h"

// The allocator of a device behind an interface of c10 came with 2.9.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 9)
#define TL_DEVICE_ALLOCATOR 1
#include <c10/core/CachingDeviceAllocator.h>
#endif

namespace torchlight {
namespace {

// libtorch hands out the streams of a pool in turn; a thread keeps its own.
c10::Stream own_stream(c10::Device device) {
  thread_local std::map<c10::DeviceIndex, c10::Stream> streams;
  const auto found = streams.find(device.index());
  if (found != streams.end()) return found->second;
  const c10::impl::VirtualGuardImpl guard(device.type());
  return streams.emplace(device.index(), guard.getStreamFromGlobalPool(device)).first->second;
}

}  // namespace

c10::Device as_device(tl_device d) {
  if (d.type == TL_CPU) return c10::Device(c10::kCPU);
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(d.index));
}

OnDevice::OnDevice(c10::Device device) {
  if (!device.is_cuda()) return;
  at::globalContext().lazyInitDevice(device.type());
  guard_.emplace(own_stream(device));
}

OnDevice::~OnDevice() {
  if (!guard_ || finished_) return;
  try {
    guard_->current_stream().synchronize();
  } catch (...) {  // the call has failed already, for a better reason
  }
}

void OnDevice::finish() {
  finished_ = true;
  if (guard_) guard_->current_stream().synchronize();
}

at::Tensor to_device(const at::Tensor& t, c10::Device device) {
  if (!device.is_cuda() || !t.device().is_cpu() || !t.is_contiguous()) return t.to(device);
  return t.pin_memory().to(device, t.scalar_type(), /*non_blocking=*/true);
}

}  // namespace torchlight

using torchlight::Failure;
using torchlight::guarded;

extern "C" {

tl_error* tl_allow_tf32(int32_t on) {
  return guarded([&] {
    at::globalContext().setAllowTF32CuDNN(on != 0);
    at::globalContext().setAllowTF32CuBLAS(on != 0);
  });
}

tl_error* tl_tf32_allowed(int32_t* on) {
  return guarded([&] { *on = at::globalContext().allowTF32CuDNN() || at::globalContext().allowTF32CuBLAS() ? 1 : 0; });
}

tl_error* tl_empty_cache(tl_device device) {
  return guarded([&] {
    const c10::Device d = torchlight::as_device(device);
    if (!d.is_cuda()) {
#ifdef __GLIBC__
      malloc_trim(0);  // libtorch keeps none, the C library does
#endif
      return;
    }
#ifdef TL_DEVICE_ALLOCATOR
    torchlight::OnDevice on(d);
    c10::getDeviceAllocator(d.type())->emptyCache();
#endif
  });
}

tl_error* tl_device_memory(tl_device device, tl_memory* out) {
  return guarded([&] {
    const c10::Device d = torchlight::as_device(device);
    if (!d.is_cuda()) throw Failure(TL_INVALID, "only a GPU's memory is counted by libtorch");
#ifdef TL_DEVICE_ALLOCATOR
    torchlight::OnDevice on(d);
    auto* allocator = c10::getDeviceAllocator(d.type());
    const auto stats = allocator->getDeviceStats(d.index());
    const auto whole = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    const auto [available, total] = allocator->getMemoryInfo(d.index());
    *out = {stats.allocated_bytes[whole].current, stats.allocated_bytes[whole].peak,
            stats.reserved_bytes[whole].current, static_cast<int64_t>(available), static_cast<int64_t>(total)};
#else
    throw Failure(TL_INVALID, "this libtorch does not tell a GPU's memory; use 2.9 or later");
#endif
  });
}

}  // extern "C"
