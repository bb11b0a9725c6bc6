#include <c10/util/Exception.h>
#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <algorithm>
#include <new>

#include "failure.h"
#include "handles.h"

namespace torchlight {
namespace {

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

// The interpreter wraps what went wrong in a TorchScript traceback and rethrows it
// as a plain runtime_error; the reason is the line after the last "...Error: ".
// What the model's own code raised is named as in Python, "ValueError: too dark".
std::string reason(const std::string& text) {
  size_t begin = 0;
  for (const char* mark : {"\nRuntimeError: ", "\nNotImplementedError: ", "\nIndexError: ", "\nValueError: ",
                           "\nTypeError: ", "\ntorch.jit.Error: ", "\nError: "}) {
    size_t at = text.rfind(mark);
    if (at != std::string::npos) {
      size_t after = text.find(": ", at) + 2;
      if (after > begin) begin = after;
    }
  }
  const std::string raised = "\nbuiltins.";
  const size_t at = text.rfind(raised);
  if (at != std::string::npos) begin = std::max(begin, at + raised.size());
  while (begin < text.size() && (text[begin] == '\n' || text[begin] == ' ')) begin++;
  std::string line = text.substr(begin, text.find('\n', begin) - begin);
  // What libtorch adds for its own developers.
  if (line.rfind("[enforce fail at ", 0) == 0) line = line.substr(std::min(line.size(), line.find("] . ") + 4));
  for (const char* tail : {" This could be because", " (function ", " Exception raised from",
                           " This is an internal miniz error", " The version of your PyTorch"})
    line = line.substr(0, line.find(tail));
  constexpr size_t kLongest = 400;
  if (line.size() > kLongest) line = line.substr(0, kLongest) + "...";
  return line;
}

// Errors of CUDA after which its context, and with it every call of the process,
// fails until the process ends. Others ("invalid argument") are of one call.
bool lost(const std::string& text) {
  for (const char* words :
       {"device-side assert triggered", "illegal memory access", "unspecified launch failure", "launch timed out",
        "uncorrectable ECC error", "misaligned address", "illegal instruction", "hardware stack error",
        "invalid program counter", "GPU is lost", "CUDA error: unknown error", "CUDNN_STATUS_EXECUTION_FAILED",
        "CUBLAS_STATUS_EXECUTION_FAILED"})
    if (contains(text, words)) return true;
  return false;
}

// libtorch has few exception types, so some failures are known by their words.
tl_code classify(const std::string& text) {
  if (contains(text, "Unknown builtin op") || contains(text, "Unknown custom class")) return TL_UNKNOWN_OPERATOR;
  if (contains(text, "maximum supported version for reading") || contains(text, "version_ <= caffe2::serialize::kMax"))
    return TL_NEWER_FILE;
  if (contains(text, "derivative for") && contains(text, "not implemented")) return TL_NO_DERIVATIVE;
  for (const char* words :
       {"out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"})
    if (contains(text, words)) return TL_OUT_OF_MEMORY;
  if (lost(text)) return TL_DEVICE_LOST;
  if (contains(text, "PytorchStreamReader") || contains(text, "constants.pkl") || contains(text, "unpickl"))
    return TL_NOT_TORCHSCRIPT;
  for (const char* words :
       {"Torch not compiled with CUDA", "from the 'CUDA' backend", "Cannot initialize CUDA", "CUDA driver",
        "No CUDA GPUs", "no CUDA-capable device", "invalid device ordinal", "no kernel image is available"})
    if (contains(text, words)) return TL_NO_DEVICE;
  return TL_MODEL;
}

tl_error* make(tl_code code, const std::string& message, const std::string& trace) noexcept {
  // Reported when even the error cannot be allocated. Freeing it is a no-op.
  static tl_error exhausted{TL_OUT_OF_MEMORY, "out of memory while reporting an error", ""};
  try {
    auto* e = new tl_error{code, message, trace};
    live().errors++;
    return e;
  } catch (...) {
    return &exhausted;
  }
}

tl_error* from_text(const std::string& text) noexcept {
  try {
    return make(classify(text), reason(text), text);
  } catch (...) {
    return make(TL_OUT_OF_MEMORY, "", "");
  }
}

}  // namespace

bool model_refuses() {
  try {
    throw;
  } catch (const Failure&) {
    return false;
  } catch (const std::bad_alloc&) {
    return false;
  } catch (const std::logic_error&) {
    return false;  // a fault of ours
  } catch (const c10::OutOfMemoryError&) {
    return false;
  } catch (const c10::Error& e) {
    return classify(e.what_without_backtrace()) == TL_MODEL;
  } catch (const std::exception& e) {
    return classify(e.what()) == TL_MODEL;
  }
}

tl_error* current_error() noexcept {
  try {
    throw;
  } catch (const Failure& e) {
    return make(e.code(), e.what(), "");
  } catch (const c10::OutOfMemoryError& e) {
    return make(TL_OUT_OF_MEMORY, reason(e.what_without_backtrace()), e.what());
  } catch (const c10::Error& e) {
    return from_text(e.what_without_backtrace());
  } catch (const torch::jit::JITException& e) {
    return from_text(e.what());
  } catch (const torch::jit::ErrorReport& e) {
    return from_text(e.what());
  } catch (const std::bad_alloc&) {
    return make(TL_OUT_OF_MEMORY, "out of host memory", "");
  } catch (const std::exception& e) {
    return from_text(e.what());
  } catch (...) {
    return make(TL_INTERNAL, "an unknown C++ exception", "");
  }
}

}  // namespace torchlight

extern "C" {

int32_t tl_error_code(const tl_error* e) { return e ? e->code : 0; }
const char* tl_error_message(const tl_error* e) { return e ? e->message.c_str() : ""; }
const char* tl_error_trace(const tl_error* e) { return e ? e->trace.c_str() : ""; }

void tl_error_free(tl_error* e) {
  if (!e || e->message == "out of memory while reporting an error") return;
  torchlight::live().errors--;
  delete e;
}

int32_t tl_code_of_text(const char* text) { return torchlight::classify(text); }

const char* tl_text_data(const tl_text* t) { return t ? t->data.c_str() : ""; }
void tl_text_free(tl_text* t) { delete t; }

}  // extern "C"
