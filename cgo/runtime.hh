// libtorch as a whole: versions, threads, CUDA, custom operators, live counts.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/grad_mode.h>
#include <dlfcn.h>
#include <link.h>
#include <torch/csrc/api/include/torch/version.h>

#include <cstring>
#include <mutex>

#include "failure.h"
#include "handles.h"
#include "json.h"
#include "memory.h"

namespace torchlight {
namespace {

std::atomic<int32_t> wanted_threads{0};  // 0: libtorch's own default
std::atomic<bool> used{false};           // a call that may have fixed the CUDA hooks
std::atomic<bool> cuda_loaded{false};

// set_num_threads reaches only the calling thread's OpenMP state, and goroutines
// change threads, so each call brings its own thread up to date.
void apply_threads() {
  static std::mutex mutex;
  thread_local int32_t applied = 0;
  const int32_t want = wanted_threads.load(std::memory_order_relaxed);
  if (want == applied) return;
  std::lock_guard<std::mutex> lock(mutex);  // it also resizes a process-wide pool
  at::set_num_threads(want);
  applied = want;
}

int add_library(dl_phdr_info* info, size_t, void* out) {
  const char* name = info->dlpi_name;
  if (name && (std::strstr(name, "libtorch") || std::strstr(name, "libc10") || std::strstr(name, "gomp")))
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

}  // namespace

Live& live() {
  static Live counts;
  return counts;
}

ThreadState::ThreadState() : grad_(at::GradMode::is_enabled()) {
  used.store(true, std::memory_order_relaxed);
  apply_threads();
  count_memory();
  at::GradMode::set_enabled(false);
}

ThreadState::~ThreadState() { at::GradMode::set_enabled(grad_); }

}  // namespace torchlight

using torchlight::Failure;
using torchlight::guarded;

extern "C" {

tl_error* tl_runtime_info(tl_text** json) {
  return guarded([&] {
    std::vector<std::string> libraries;
    dl_iterate_phdr(torchlight::add_library, &libraries);
    torchlight::Json j;
    j.open('{').key("compiled").value(TORCH_VERSION);
    j.key("libraries").strings(libraries);
    j.key("threads").value(static_cast<int64_t>(at::get_num_threads()));
    j.key("cpu").value(at::get_cpu_capability());
    j.key("config").value(at::show_config());
    j.close('}');
    *json = new tl_text{j.text()};
  });
}

tl_error* tl_use_cuda(void) {
  static std::mutex mutex;
  static std::string missing;  // why the library could not be loaded, once it could not
  try {
    std::lock_guard<std::mutex> lock(mutex);
    if (torchlight::cuda_loaded) return nullptr;
    // Asked again after the CPU was used, it is still missing and not too late.
    if (!missing.empty()) throw Failure(TL_NO_DEVICE, missing);
    // The first question about CUDA makes libtorch keep whatever hooks are
    // registered then; without libtorch_cuda that is a stub, for good.
    if (torchlight::used)
      throw Failure(TL_CUDA_TOO_LATE,
                    "libtorch was used before CUDA was loaded, and keeps its CPU-only hooks for good");
    if (!dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL)) {
      const char* why = dlerror();
      missing = std::string("libtorch_cuda cannot be loaded: ") + (why ? why : "no reason given");
      throw Failure(TL_NO_DEVICE, missing);
    }
    // PyTorch lets convolutions round to TF32 unless told otherwise.
    at::globalContext().setAllowTF32CuDNN(false);
    at::globalContext().setAllowTF32CuBLAS(false);
    torchlight::cuda_loaded = true;
    return nullptr;
  } catch (...) {
    return torchlight::current_error();
  }
}

tl_error* tl_cuda_device_count(int32_t* count) {
  return guarded([&] { *count = torchlight::cuda_loaded ? static_cast<int32_t>(at::getNumGPUs()) : 0; });
}

tl_error* tl_set_num_threads(int32_t n) {
  if (n < 1) {
    return guarded(
        [&] { throw Failure(TL_INVALID, "the number of threads must be at least 1, got " + std::to_string(n)); });
  }
  torchlight::wanted_threads = n;
  return guarded([] {});
}

int32_t tl_num_threads(void) {
  try {
    torchlight::ThreadState state;
    return at::get_num_threads();
  } catch (...) {
    return 0;
  }
}

tl_error* tl_load_ops(const char* path) {
  return guarded([&] {
    if (dlopen(path, RTLD_NOW | RTLD_GLOBAL)) return;
    const char* why = dlerror();
    throw Failure(TL_INVALID, std::string("cannot load the operator library: ") + (why ? why : path));
  });
}

void tl_live_counts(tl_live* out) {
  const auto& l = torchlight::live();
  *out = {l.tensors, l.lists, l.modules, l.plans, l.passes, l.errors};
}

}  // extern "C"
