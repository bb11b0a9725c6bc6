// A loaded model and what is compiled from it once.
#ifndef TORCHLIGHT_MODEL_H
#define TORCHLIGHT_MODEL_H

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fuse.h"
#include "handles.h"
#include "originals.h"

namespace torchlight {

namespace jit = torch::jit;

class Formed;

// How graphs run that need no gradients.
struct Form {
  std::optional<c10::ScalarType> precision;  // none: the model's own type
  bool channels_last = false;
};

struct Flat;

struct Model {
  jit::Module module;
  c10::Device device = c10::Device(c10::kCPU);
  c10::ScalarType dtype = c10::kFloat;  // of the first floating-point parameter
  Originals originals;
  Form form;                  // fixed before the first run
  Convolutions convolutions;  // of all its graphs

  std::mutex mutex;                 // guards what follows
  std::shared_ptr<Formed> predict;  // compiled on first use
  size_t predict_inputs = 0;
  std::vector<c10::IValue> predict_extras;
  bool listed = false;
  NamedTensors biases;  // the additive terms of the network, by the address of their node
};

// Runs code that was compiled from a graph: the plain interpreter, without the
// profiling executor, whose later runs differ from its first.
jit::Stack run(const jit::Code& code, jit::Stack stack);

// Keeps the original weights where a run of the graph reads attributes of modules.
void keep_attributes(Model& model, const Flat& flat);

// The model's inputs on its device; floats in its type.
jit::Stack prepare(const Model& model, const tl_tensor* const* inputs, int32_t n);

// Says how many inputs there must be; throws TL_INVALID.
void check_count(const Model& model, size_t want, int32_t got);

NamedTensors outputs_of(const c10::IValue& result);

// The forward method as the file has it, with the executor's rewriting off.
c10::IValue plain_forward(const Model& model, jit::Stack inputs);

}  // namespace torchlight

#endif  // TORCHLIGHT_MODEL_H
