// Operators that look at a value in the middle of a graph.
//
// torchlight::tap(x, slot) records x and passes a copy on, so that a later
// in-place operator changes the copy only. With gradients on, x is made a leaf
// if it does not require one, so that its gradient can be asked for.
#ifndef TORCHLIGHT_TAP_H
#define TORCHLIGHT_TAP_H

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/symbol.h>

#include <string>
#include <utility>
#include <vector>

namespace torchlight {

struct Slot {
  int wanted = 0;     // which execution of the tap to record
  int executed = 0;   // how often it ran
  at::Tensor value;   // what it recorded
  bool keep = false;  // also what it passed on
  at::Tensor passed;  // which later operators may have written to since
};

// Makes the calling thread's taps record into slots for its lifetime. Without
// one, a tap is the identity.
class Recording {
 public:
  explicit Recording(std::vector<Slot>* slots);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  std::vector<Slot>* outer_;
};

// torchlight::note(x, slot) records the shapes and types of the tensors of x and
// keeps nothing else alive.
struct Note {
  std::string name;
  std::vector<int64_t> shape;
  at::ScalarType dtype;
};

using Notes = std::vector<std::vector<Note>>;  // one list an execution

// Makes the calling thread's notes go to `notes`, one entry a slot.
class Noting {
 public:
  explicit Noting(std::vector<Notes>* notes);
  ~Noting();
  Noting(const Noting&) = delete;
  Noting& operator=(const Noting&) = delete;

 private:
  std::vector<Notes>* outer_;
};

// The operators' symbols; both are registered on first use.
c10::Symbol tap_symbol();
c10::Symbol note_symbol();

// The tensors of a result, dense, named as engine.Output in Go names them. None
// and plain numbers are left out.
void flatten_tensors(const c10::IValue& v, const std::string& name,
                     std::vector<std::pair<std::string, at::Tensor>>& out);

}  // namespace torchlight

#endif  // TORCHLIGHT_TAP_H
