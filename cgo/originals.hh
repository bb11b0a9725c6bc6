#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <set>

#include "originals.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "failure.h"

namespace torchlight {
namespace {

bool absent(const c10::StorageImpl& s) { return s.data() == nullptr && s.nbytes() > 0; }

bool counts(const at::Tensor& t) {
  return t.defined() && t.device().is_cpu() && t.layout() == c10::kStrided && !t.is_quantized() && t.has_storage() &&
         t.storage().nbytes() > 0;
}

// The tensors among the attributes of a module and its submodules, each object once.
void tensors_of(const c10::ivalue::Object& object, std::set<const c10::ivalue::Object*>& seen,
                std::vector<at::Tensor>& out) {
  if (!seen.insert(&object).second) return;
  for (const c10::IValue& slot : object.slots()) {
    if (slot.isTensor() && counts(slot.toTensor())) out.push_back(slot.toTensor());
    if (slot.isObject()) tensors_of(slot.toObjectRef(), seen, out);
  }
}

std::vector<at::Tensor> tensors_of(const jit::Module& module) {
  std::set<const c10::ivalue::Object*> seen;
  std::vector<at::Tensor> out;
  tensors_of(*module._ivalue(), seen, out);
  return out;
}

// Bytes that another storage owns.
c10::DataPtr borrowed(c10::intrusive_ptr<c10::StorageImpl> owner) {
  void* data = owner->mutable_data();
  const c10::Device device = owner->device();
  auto* held = new c10::intrusive_ptr<c10::StorageImpl>(std::move(owner));
  return {data, held, [](void* p) { delete static_cast<c10::intrusive_ptr<c10::StorageImpl>*>(p); }, device};
}

}  // namespace

void Originals::open(const jit::Module& module, Read read) {
  module_ = module;
  read_ = std::move(read);
  for (const at::Tensor& t : tensors_of(module)) {
    c10::StorageImpl* s = t.storage().unsafeGetStorageImpl();
    entries_[s].original = c10::intrusive_ptr<c10::StorageImpl>::reclaim_copy(s);
  }
}

bool Originals::complete() const {
  for (const auto& [_, e] : entries_)
    if (absent(*e.original)) return false;
  return true;
}

// Brings bytes back, from graphs that have them or from the file.
void Originals::restore() {
  bool missing = false;
  for (auto& [_, e] : entries_) {
    if (!absent(*e.original)) continue;
    if (auto held = e.lent.lock()) {
      e.original->set_data_ptr_noswap(borrowed(std::move(held)));
    } else {
      missing = true;
    }
  }
  if (missing) read();
}

void Originals::read() {
  const std::vector<at::Tensor> mine = tensors_of(module_), fresh = tensors_of(read_());
  bool same = mine.size() == fresh.size();
  for (size_t i = 0; same && i < mine.size(); i++)
    same = mine[i].storage().nbytes() == fresh[i].storage().nbytes() && mine[i].sizes() == fresh[i].sizes();
  if (!same) throw Failure(TL_MODEL, "the file has other weights than when it was loaded");
  for (size_t i = 0; i < mine.size(); i++) {
    c10::StorageImpl* s = mine[i].storage().unsafeGetStorageImpl();
    if (absent(*s)) s->set_data_ptr_noswap(fresh[i].storage().unsafeGetStorageImpl()->set_data_ptr({}));
  }
}

Originals::Use::Use(Originals& o, bool keep) : originals_(o), lock_(o.mutex_), keep_(keep) {
  while (!o.complete()) {
    restored_ = true;
    lock_.unlock();
    {
      std::unique_lock<std::shared_mutex> moving(o.mutex_);
      o.restore();
    }
    lock_.lock();
  }
}

Originals::Use::~Use() {
  lock_.unlock();
  if (restored_ && !keep_) originals_.release();
}

// The same tensor on a storage of its own, which has the bytes.
at::Tensor Originals::lent(const at::Tensor& t, Entry& e) {
  auto to = e.lent.lock();
  if (!to) {
    if (absent(*e.original)) read();
    const size_t n = e.original->nbytes();
    to = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), n, e.original->set_data_ptr({}),
                                               nullptr, /*resizable=*/false);
    e.lent = c10::weak_intrusive_ptr<c10::StorageImpl>(to);
  }
  e.original->set_data_ptr_noswap({});
  return at::empty({0}, t.options()).set_(c10::Storage(to), t.storage_offset(), t.sizes(), t.strides());
}

bool Originals::holds(const at::Tensor& t) const {
  return counts(t) && entries_.count(t.storage().unsafeGetStorageImpl());
}

void Originals::detach(NamedTensors& tensors) const {
  for (auto& [_, t] : tensors)
    if (holds(t)) t = t.clone();
}

// Whether tensors are inside a list or another value, where they cannot be replaced.
bool Originals::holds(const jit::Node& constant) const {
  bool found = false;
  switch (constant.kindOf(c10::attr::value)) {
    case jit::AttributeKind::ts:
      for (const at::Tensor& t : constant.ts(c10::attr::value))
        if (holds(t)) return true;
      return false;
    case jit::AttributeKind::ival:
      constant.ival(c10::attr::value).visit([&](const c10::IValue& v) {
        found = found || (v.isTensor() && holds(v.toTensor()));
        return found;
      });
      return found;
    default:
      return false;
  }
}

void Originals::lend(jit::Block* block) {
  for (jit::Node* n : block->nodes()) {
    for (jit::Block* b : n->blocks()) lend(b);
    if (n->kind() != c10::prim::Constant || !n->hasAttribute(c10::attr::value)) continue;
    if (n->kindOf(c10::attr::value) != jit::AttributeKind::t) {
      if (holds(*n)) kept_ = true;
      continue;
    }
    const at::Tensor t = n->t(c10::attr::value);
    if (holds(t)) n->t_(c10::attr::value, lent(t, entries_.at(t.storage().unsafeGetStorageImpl())));
  }
}

void Originals::lend(jit::Graph& graph) {
  std::unique_lock<std::shared_mutex> moving(mutex_);
  if (!read_ || kept_) return;
  lend(graph.block());
  if (kept_) restore();
}

void Originals::keep() {
  std::unique_lock<std::shared_mutex> moving(mutex_);
  restore();
  kept_ = true;
}

void Originals::release() noexcept try {
  std::unique_lock<std::shared_mutex> moving(mutex_, std::try_to_lock);
  if (!moving || !read_ || kept_) return;
  for (auto& [_, e] : entries_) e.original->set_data_ptr_noswap({});
#ifdef __GLIBC__
  malloc_trim(0);
#endif
} catch (const std::exception&) {
  // They stay a little longer.
}

Originals::Read reread(const std::string& path) {
  struct File {
    explicit File(int d) : descriptor(d) { fstat(d, &status); }
    ~File() { ::close(descriptor); }
    bool unchanged() const {
      struct stat now{};
      return fstat(descriptor, &now) == 0 && now.st_size == status.st_size && now.st_mtime == status.st_mtime;
    }
    const int descriptor;
    struct stat status{};
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  auto file = std::make_shared<File>(descriptor);
  const std::string name = "/proc/self/fd/" + std::to_string(descriptor);
  if (::access(name.c_str(), R_OK) != 0) return {};
  return [file, name, path] {
    const auto changed = [&path] {
      return Failure(TL_MODEL,
                     "the file changed after it was loaded, and some of its weights are needed again; "
                     "replace files by renaming, or load it from memory");
    };
    if (!file->unchanged()) throw changed();
    jit::Module module = torch::jit::load(name, c10::Device(c10::kCPU));
    if (!file->unchanged()) throw changed();
    return module;
  };
}

}  // namespace torchlight
