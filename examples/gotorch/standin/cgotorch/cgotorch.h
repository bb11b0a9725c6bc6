// The stand-in's tensors, a pointer to an at::Tensor each. dims has ndim extents.
#ifndef CGOTORCH_H
#define CGOTORCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void* Tensor;  // at::Tensor*, as gotorch has it

Tensor Standin_New(const float* data, const int64_t* dims, int64_t ndim);
void Standin_Fill(Tensor t, float value);  // in place
void Standin_Read(Tensor t, float* out);   // float32, contiguous or not
int64_t Standin_Len(Tensor t);             // elements
int64_t Standin_Users(Tensor t);           // handles that share the storage
Tensor Standin_Transposed(Tensor t);       // a view with other strides
void Standin_Close(Tensor t);

#ifdef __cplusplus
}
#endif

#endif  // CGOTORCH_H
