// Where work runs: the device, the stream that the work of a call goes to, the
// memory of a GPU.
#ifndef TORCHLIGHT_DEVICE_H
#define TORCHLIGHT_DEVICE_H

#include <ATen/core/Tensor.h>
#include <c10/core/StreamGuard.h>

#include <optional>

#include "torchlight.h"

namespace torchlight {

c10::Device as_device(tl_device d);

// Makes a device current for one call. On a GPU the work of the call goes to a
// stream of the calling thread's own, so that calls of several threads overlap,
// and what it found is restored. On the CPU it does nothing.
//
// finish() waits for the work and throws what went wrong with it. A call must not
// hand anything on before: its values may then be used, and their memory freed
// and given to others, on any thread and stream. A call that fails waits, too: what
// it read may be freed next.
class OnDevice {
 public:
  explicit OnDevice(c10::Device device);
  ~OnDevice();
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  void finish();

 private:
  std::optional<c10::StreamGuard> guard_;
  bool finished_ = false;
};

// The tensor on the device. From the host to a GPU it goes through pinned memory
// and beside the work: the copy of an input overlaps with other streams.
at::Tensor to_device(const at::Tensor& t, c10::Device device);

}  // namespace torchlight

#endif  // TORCHLIGHT_DEVICE_H
