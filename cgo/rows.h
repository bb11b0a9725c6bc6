// How values grow with the batch, so that a pass can be continued with other
// rows than its own: each row takes the values of the sample it belongs to.
#ifndef TORCHLIGHT_ROWS_H
#define TORCHLIGHT_ROWS_H

#include <ATen/core/ivalue.h>

#include <cstdint>
#include <vector>

namespace torchlight {

// What happens to one value when the batch grows.
struct Growth {
  enum Kind {
    kFixed,    // nothing
    kRows,     // a tensor whose first axis has the same number of rows for each sample
    kNumber,   // an integer that grows by `slope` a sample
    kMembers,  // a list, tuple or dict of values that each have a growth of their own
    kUnknown,  // it changes in another way
  };
  Kind kind = kFixed;
  int64_t slope = 0;
  std::vector<Growth> members;

  bool known() const;
};

// Compares a value of a batch of n samples with that of the batch with its first
// sample repeated at the end. Rows must agree within `tolerance`, relative.
Growth growth(const c10::IValue& batch, const c10::IValue& longer, int64_t n, double tolerance);

// The value for a batch whose row i is sample rows[i] of the batch of n that v
// was made for.
c10::IValue pick(const c10::IValue& v, const Growth& growth, const std::vector<int64_t>& rows, int64_t n);

// The rows of t that belong to the samples, of a batch of n.
at::Tensor pick(const at::Tensor& t, const std::vector<int64_t>& rows, int64_t n);

// 0, 1, ... n-1.
std::vector<int64_t> in_order(int64_t n);

// Whether two tensors agree within a tolerance relative to the largest value.
bool agree(const at::Tensor& a, const at::Tensor& b, double tolerance);

}  // namespace torchlight

#endif  // TORCHLIGHT_ROWS_H
