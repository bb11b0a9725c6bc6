// What the opaque handles of the ABI hold.
#ifndef TORCHLIGHT_HANDLES_H
#define TORCHLIGHT_HANDLES_H

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "torchlight.h"

namespace torchlight {

struct Model;
struct Plan;
struct Pass;

// Live handles, for leak tests.
struct Live {
  std::atomic<int64_t> tensors{0}, lists{0}, modules{0}, plans{0}, passes{0}, errors{0};
};
Live& live();

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// The extents as libtorch takes them; throws TL_INVALID unless n elements fill them.
at::IntArrayRef shape(const int64_t* dims, int32_t ndim, int64_t n);

}  // namespace torchlight

struct tl_tensor {
  explicit tl_tensor(at::Tensor t) : value(std::move(t)) { torchlight::live().tensors++; }
  ~tl_tensor() { torchlight::live().tensors--; }
  at::Tensor value;
};

struct tl_tensors {
  explicit tl_tensors(torchlight::NamedTensors t) : values(std::move(t)) { torchlight::live().lists++; }
  ~tl_tensors() { torchlight::live().lists--; }
  torchlight::NamedTensors values;
};

struct tl_module {
  explicit tl_module(std::shared_ptr<torchlight::Model> m) : model(std::move(m)) { torchlight::live().modules++; }
  ~tl_module() { torchlight::live().modules--; }
  std::shared_ptr<torchlight::Model> model;
};

struct tl_plan {
  explicit tl_plan(std::shared_ptr<torchlight::Plan> p) : plan(std::move(p)) { torchlight::live().plans++; }
  ~tl_plan() { torchlight::live().plans--; }
  std::shared_ptr<torchlight::Plan> plan;
};

struct tl_pass {
  explicit tl_pass(std::unique_ptr<torchlight::Pass> p);
  ~tl_pass();
  std::unique_ptr<torchlight::Pass> pass;
};

#endif  // TORCHLIGHT_HANDLES_H
