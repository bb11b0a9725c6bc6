// Failures and the one guard through which every function of the ABI runs.
#ifndef TORCHLIGHT_FAILURE_H
#define TORCHLIGHT_FAILURE_H

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "torchlight.h"

struct tl_error {
  int32_t code;
  std::string message;
  std::string trace;
};

struct tl_text {
  std::string data;
};

namespace torchlight {

// A failure whose code and wording are ours.
class Failure : public std::runtime_error {
 public:
  Failure(tl_code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  tl_code code() const { return code_; }

 private:
  tl_code code_;
};

// Whether the exception being handled says no more than that the model does not
// run like this: not our own refusal, not memory, which another try may have, not
// a missing derivative or device. Only valid inside a catch.
bool model_refuses();

// The error object for the exception being handled; only valid inside a catch.
tl_error* current_error() noexcept;

// Establishes the thread-local state of libtorch that every call relies on and
// restores what it found. Defined in runtime.cc.
class ThreadState {
 public:
  ThreadState();
  ~ThreadState();
  ThreadState(const ThreadState&) = delete;
  ThreadState& operator=(const ThreadState&) = delete;

 private:
  bool grad_;
};

// Runs body with gradients off and turns any exception into an error object.
template <class Body>
tl_error* guarded(Body&& body) noexcept {
  try {
    ThreadState state;
    std::forward<Body>(body)();
    return nullptr;
  } catch (...) {
    return current_error();
  }
}

}  // namespace torchlight

#endif  // TORCHLIGHT_FAILURE_H
