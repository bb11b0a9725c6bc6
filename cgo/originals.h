// The weights as the file has them, which need not stay in memory: what runs has
// been made of them, and the file has them still.
#ifndef TORCHLIGHT_ORIGINALS_H
#define TORCHLIGHT_ORIGINALS_H

#include <c10/core/StorageImpl.h>
#include <torch/csrc/jit/api/module.h>

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "handles.h"

namespace torchlight {

namespace jit = torch::jit;

// Tensors of the module and of graphs that were not optimised stay what they are:
// only the bytes of their storages come and go.
class Originals {
 public:
  using Read = std::function<jit::Module()>;

  // The storages of the module's parameters, buffers and other tensors on the CPU.
  // read reads the file again; without it they stay.
  void open(const jit::Module& module, Read read);

  // While it lives, all bytes are there and stay.
  class Use {
   public:
    // keep: what had to be brought back for it stays afterwards.
    Use(Originals& originals, bool keep);
    ~Use();

   private:
    Originals& originals_;
    std::shared_lock<std::shared_mutex> lock_;
    const bool keep_;
    bool restored_ = false;
  };

  // Hands the bytes that the graph's constants need over to the graph: they live as
  // long as what is compiled of it needs them. Graphs that need the same share them.
  void lend(jit::Graph& graph);
  // From now on all bytes stay: something reads the module's attributes as it runs.
  void keep();
  // Copies the tensors among these whose bytes may go.
  void detach(NamedTensors& tensors) const;
  // Frees what no graph has and nobody uses.
  void release() noexcept;

 private:
  struct Entry {
    c10::intrusive_ptr<c10::StorageImpl> original;
    c10::weak_intrusive_ptr<c10::StorageImpl> lent{c10::intrusive_ptr<c10::StorageImpl>()};
  };

  bool complete() const;
  bool holds(const at::Tensor& t) const;
  bool holds(const jit::Node& constant) const;
  void restore();
  void read();
  void lend(jit::Block* block);
  at::Tensor lent(const at::Tensor& t, Entry& entry);

  std::shared_mutex mutex_;  // held exclusively where bytes move
  jit::Module module_;
  Read read_;
  std::map<const c10::StorageImpl*, Entry> entries_;
  bool kept_ = false;
};

// Reads the file again as it was when this was called, under whatever name it has by
// then. Without a way to, it is empty.
Originals::Read reread(const std::string& path);

}  // namespace torchlight

#endif  // TORCHLIGHT_ORIGINALS_H
