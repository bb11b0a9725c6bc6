// The C ABI between Go and libtorch. This header is its documentation and
// compiles as C11.
//
// Ownership. Whoever receives a handle through an out-pointer frees it with the
// *_free function of its type, exactly once; freeing NULL does nothing. Handles
// given as arguments stay the caller's. Strings returned by getters live as long
// as the handle they were read from.
//
// Errors. A function that can fail returns NULL on success and otherwise a
// tl_error that the caller frees. Out-pointers are written only on success. No C++
// exception ever leaves a function of this header.
//
// Threads. Gradient mode, the intra-op thread count and the current device are
// thread-local in libtorch; every function establishes what it needs and
// restores what it found. Modules and plans may be used from several threads at
// once, a pass from one at a time.
#ifndef TORCHLIGHT_H
#define TORCHLIGHT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tl_error tl_error;      // code, message and C++ trace
typedef struct tl_tensor tl_tensor;    // one at::Tensor
typedef struct tl_tensors tl_tensors;  // named tensors, in order
typedef struct tl_module tl_module;    // a loaded model
typedef struct tl_plan tl_plan;        // a model cut at its hooked layers
typedef struct tl_pass tl_pass;        // one batch on its way through a plan
typedef struct tl_text tl_text;        // a string, usually a JSON document

// ---- Errors ---------------------------------------------------------------

typedef enum tl_code {
  TL_INTERNAL = 1,      // a fault of libtorch or of this library
  TL_INVALID,           // an argument that no model could accept
  TL_OUT_OF_MEMORY,     // host or device memory is exhausted
  TL_NOT_TORCHSCRIPT,   // the file is no TorchScript archive
  TL_NEWER_FILE,        // written by a newer PyTorch than this libtorch
  TL_UNKNOWN_OPERATOR,  // the file uses an operator this libtorch lacks
  TL_MODEL,             // the model refused the input
  TL_LAYER_UNKNOWN,     // no submodule or node of that name
  TL_LAYER_NOT_CALLED,  // the forward pass never calls it
  TL_LAYER_AMBIGUOUS,   // it is called more than once and no call was chosen
  TL_LAYER_NOT_TENSOR,  // it does not return a floating-point tensor
  TL_FROZEN,            // a frozen file has no submodules, only nodes
  TL_NO_DERIVATIVE,     // an operator behind the layer has no derivative
  TL_ALIASING,          // cutting there would change the model's output
  TL_STATEFUL,          // the output depends on the order of calls
  TL_TRAIN_MODE,        // the graph has training behaviour baked in
  TL_NO_DEVICE,         // the device asked for does not exist
  TL_CUDA_TOO_LATE,     // libtorch was used before CUDA was loaded
  TL_DEVICE_LOST        // the GPU failed; no call of this process works again
} tl_code;

int32_t tl_error_code(const tl_error* e);
const char* tl_error_message(const tl_error* e);  // one line
const char* tl_error_trace(const tl_error* e);    // libtorch's own text, or ""
void tl_error_free(tl_error* e);
// The tl_code that a failure of libtorch with this text gets.
int32_t tl_code_of_text(const char* text);

const char* tl_text_data(const tl_text* t);
void tl_text_free(tl_text* t);

// ---- Types and devices -----------------------------------------------------

// Element types, numbered as c10::ScalarType numbers them.
typedef enum tl_dtype {
  TL_UINT8 = 0,
  TL_INT8 = 1,
  TL_INT16 = 2,
  TL_INT32 = 3,
  TL_INT64 = 4,
  TL_FLOAT16 = 5,
  TL_FLOAT32 = 6,
  TL_FLOAT64 = 7,
  TL_BOOL = 11,
  TL_BFLOAT16 = 15
} tl_dtype;

typedef enum tl_device_type { TL_CPU = 0, TL_CUDA = 1 } tl_device_type;

typedef struct tl_device {
  int32_t type;   // tl_device_type
  int32_t index;  // ordinal, 0 for the CPU
} tl_device;

// ---- The library -----------------------------------------------------------

// JSON: {"compiled","loaded","libraries","parallel","cpu"}. Never touches CUDA.
tl_error* tl_runtime_info(tl_text** json);
// Loads libtorch_cuda; must come before every other function that uses
// libtorch, else TL_CUDA_TOO_LATE. Repeating it is free.
tl_error* tl_use_cuda(void);
// Number of CUDA devices; 0 unless tl_use_cuda succeeded.
tl_error* tl_cuda_device_count(int32_t* count);
// Whether float32 convolutions and matrix products of a GPU may round their factors
// to TF32, 10 bits of mantissa, for the whole process. tl_use_cuda switches it off.
tl_error* tl_allow_tf32(int32_t on);
tl_error* tl_tf32_allowed(int32_t* on);
// Gives freed memory that is kept for later back to the GPU, or to the system.
tl_error* tl_empty_cache(tl_device device);

typedef struct tl_memory {
  int64_t allocated;  // bytes of live tensors
  int64_t peak;       // the most they were
  int64_t reserved;   // bytes taken from the driver, live or kept for later
  int64_t available;  // bytes the driver still has
  int64_t total;      // bytes of the GPU
} tl_memory;
// TL_INVALID for the CPU.
tl_error* tl_device_memory(tl_device device, tl_memory* out);
// Intra-op threads of every later call on any thread; n >= 1.
tl_error* tl_set_num_threads(int32_t n);
int32_t tl_num_threads(void);
// Loads a shared library that registers custom operators.
tl_error* tl_load_ops(const char* path);

// Handles alive, per type: tensors, lists, modules, plans, passes, errors.
typedef struct tl_live {
  int64_t tensors, lists, modules, plans, passes, errors;
} tl_live;
void tl_live_counts(tl_live* out);

// Graphs that were compiled so far: a plan compiles two before its first pass, and
// one more when it first continues with other rows.
int64_t tl_compilations(void);

// Bytes of host memory that tensors hold, those of weights too, and the most they
// held since this was asked last. 0 where malloc does not tell.
void tl_host_bytes(int64_t* live, int64_t* most);
// What the calling thread allocates for tensors, less what it frees, from now on;
// the most that was, and what is left. What other threads of an operator allocate
// is not counted.
void tl_meter_start(void);
void tl_meter_stop(int64_t* most, int64_t* left);

// ---- Tensors ---------------------------------------------------------------

// Copies n elements; n must fill dims. 16-bit floats come as their bits.
tl_error* tl_tensor_from_f32(const float* data, int64_t n, const int64_t* dims, int32_t ndim, tl_tensor** out);
tl_error* tl_tensor_from_f64(const double* data, int64_t n, const int64_t* dims, int32_t ndim, tl_tensor** out);
tl_error* tl_tensor_from_i64(const int64_t* data, int64_t n, const int64_t* dims, int32_t ndim, tl_tensor** out);
tl_error* tl_tensor_from_u8(const uint8_t* data, int64_t n, const int64_t* dims, int32_t ndim, tl_tensor** out);
tl_error* tl_tensor_from_bool(const uint8_t* data, int64_t n, const int64_t* dims, int32_t ndim, tl_tensor** out);
tl_error* tl_tensor_from_f16(const uint16_t* data, int64_t n, const int64_t* dims, int32_t ndim, tl_tensor** out);
tl_error* tl_tensor_from_bf16(const uint16_t* data, int64_t n, const int64_t* dims, int32_t ndim, tl_tensor** out);

// Copies all n elements out, contiguous and converted to the type of dst.
tl_error* tl_tensor_copy_f32(const tl_tensor* t, float* dst, int64_t n);
tl_error* tl_tensor_copy_f64(const tl_tensor* t, double* dst, int64_t n);
tl_error* tl_tensor_copy_i64(const tl_tensor* t, int64_t* dst, int64_t n);
tl_error* tl_tensor_copy_u8(const tl_tensor* t, uint8_t* dst, int64_t n);
tl_error* tl_tensor_copy_bool(const tl_tensor* t, uint8_t* dst, int64_t n);
tl_error* tl_tensor_copy_f16(const tl_tensor* t, uint16_t* dst, int64_t n);
tl_error* tl_tensor_copy_bf16(const tl_tensor* t, uint16_t* dst, int64_t n);

// The memory of a contiguous float32 CPU tensor, valid until it is freed.
tl_error* tl_tensor_data_f32(const tl_tensor* t, const float** data);

int32_t tl_tensor_ndim(const tl_tensor* t);
int64_t tl_tensor_dim(const tl_tensor* t, int32_t axis);
int32_t tl_tensor_dtype(const tl_tensor* t);  // a tl_dtype, or another c10 number
tl_device tl_tensor_device(const tl_tensor* t);
tl_error* tl_tensor_to(const tl_tensor* t, int32_t dtype, tl_device device, tl_tensor** out);
void tl_tensor_free(tl_tensor* t);

// Interchange with other bindings: a pointer to an at::Tensor. _from_at shares
// the storage and leaves the pointer the caller's; _new_at gives the caller a
// new at::Tensor on the C++ heap.
tl_error* tl_tensor_from_at(const void* at_tensor, tl_tensor** out);
tl_error* tl_tensor_new_at(const tl_tensor* t, void** at_tensor);

int32_t tl_tensors_len(const tl_tensors* l);
const char* tl_tensors_name(const tl_tensors* l, int32_t i);
tl_error* tl_tensors_get(const tl_tensors* l, int32_t i, tl_tensor** out);
void tl_tensors_free(tl_tensors* l);

// ---- Modules ---------------------------------------------------------------

// Loads, switches to evaluation mode and takes requires_grad off.
tl_error* tl_module_load_file(const char* path, tl_device device, tl_module** out);
tl_error* tl_module_load_bytes(const uint8_t* data, int64_t n, tl_device device, tl_module** out);
void tl_module_free(tl_module* m);

// The form of graphs that run without gradients, heads and tl_module_predict: their
// element type, TL_FLOAT16, TL_BFLOAT16 or TL_OWN_TYPE, and whether values of four
// axes lie channels-last, as far as the model runs so. What comes out has the
// model's own type, in which tails run. To be called before everything else.
enum { TL_OWN_TYPE = -1 };
tl_error* tl_module_set_form(tl_module* m, int32_t dtype, int32_t channels_last);

// JSON: {"dtype","device","frozen","inputs":[name],"modules":[{"path","type"}],
// "parameters":n,"bytes":n}.
tl_error* tl_module_info(const tl_module* m, tl_text** json);
// Runs the model once and lists every call; JSON as engine.Call in Go:
// {"calls":[{path,type,method,index,of,value,takesInput,conditional,elements:
// [{name,shape,dtype}]}],"notes":[text]}.
tl_error* tl_module_calls(tl_module* m, const tl_tensor* const* inputs, int32_t n, tl_text** json);
// The forward method, as the file has it.
tl_error* tl_module_forward(const tl_module* m, const tl_tensor* const* inputs, int32_t n, tl_tensors** out);
// The same, frozen and fused; compiled on first use.
tl_error* tl_module_predict(tl_module* m, const tl_tensor* const* inputs, int32_t n, tl_tensors** out);

// ---- Plans and passes ------------------------------------------------------

// How gradients pass through rectifiers: by the derivative; where they and the
// input are positive; where they are positive.
typedef enum tl_relu { TL_RELU_PLAIN = 0, TL_RELU_GUIDED, TL_RELU_DECONVNET } tl_relu;

// Which value counts for a layer whose value the next operator writes in place.
// Activation and gradient belong to the value as returned; to the value after the
// writing and the value as returned; both to the value after.
typedef enum tl_in_place { TL_AS_RETURNED = 0, TL_ACTIVATION_AFTER, TL_BOTH_AFTER } tl_in_place;

typedef struct tl_plan_options {
  int32_t unfolded;  // 1 leaves every operator as the file has it (bit-exact, slower)
  int32_t relu;      // a tl_relu
  int32_t in_place;  // a tl_in_place
  int32_t alone;     // 1 continues other rows one by one, as where samples interact
} tl_plan_options;

// A layer is "path", "path@call", "path:element", "#op:index", "input" or
// "input@index". NULL options are all 0.
tl_error* tl_plan_new(tl_module* m, const char* const* layers, int32_t n, const tl_plan_options* options,
                      tl_plan** out);
// The additive term of every convolution and batch norm, one number a channel,
// under the node's address: a convolution's bias, and for a batch norm
// beta - mean*gamma/sqrt(var+eps).
tl_error* tl_plan_biases(const tl_plan* p, tl_tensors** out);
// JSON: {"kind":"cut"|"tap","head":nodes,"tail":nodes,"crossing":n,"notes":[text]}.
tl_error* tl_plan_describe(const tl_plan* p, tl_text** json);
// TL_NO_DERIVATIVE where an operator behind the layers has none: passes of the plan
// then run, and continue, without gradients.
tl_error* tl_plan_differentiable(const tl_plan* p);
void tl_plan_free(tl_plan* p);

tl_error* tl_plan_forward(tl_plan* p, const tl_tensor* const* inputs, int32_t n, tl_pass** out);
tl_error* tl_pass_outputs(const tl_pass* p, tl_tensors** out);
tl_error* tl_pass_activations(const tl_pass* p, tl_tensors** out);
// Gradients of sum_i <cotangents[i], output[which[i]]> with respect to every
// activation, zeros where there is no dependence. Repeatable.
tl_error* tl_pass_backward(tl_pass* p, const int32_t* which, const tl_tensor* const* cotangents, int32_t n,
                           tl_tensors** gradients);
// What Grad-CAM needs of activations [N, C, space...], made where they lie: three
// tensors a layer. Its map [N, space...], the sum of the channels, each weighted by
// the mean of its gradient; and [N], the largest magnitudes of the gradient and of
// the activation, NaN where there is a NaN. Float32 unless the layer is float64.
tl_error* tl_pass_pool(tl_pass* p, const int32_t* which, const tl_tensor* const* cotangents, int32_t n,
                       tl_tensors** pooled);
// The tail alone from another value of the earliest layer, without gradients.
// Row i of the activation continues sample rows[i] of the pass, of `count` rows;
// rows = NULL means one row a sample, in order. A sample may take several rows
// of the activation's first axis (windows), which then lie together.
tl_error* tl_pass_rerun(tl_pass* p, const tl_tensor* activation, const int64_t* rows, int64_t count, tl_tensors** out);
// The same on lent memory: it is read during the call and not kept.
tl_error* tl_pass_rerun_f32(tl_pass* p, const float* data, int64_t n, const int64_t* dims, int32_t ndim,
                            const int64_t* rows, int64_t count, tl_tensors** out);
// The same with gradients: a pass of its own, which the caller frees.
tl_error* tl_pass_rerun_grad(tl_pass* p, const tl_tensor* activation, const int64_t* rows, int64_t count,
                             tl_pass** out);
// One direction a layer, NULL for zero: hv is H v for every layer, H the Hessian
// of sum_i <cotangents[i], output[which[i]]>, and jv the derivative of every
// floating-point output along v.
tl_error* tl_pass_second_order(tl_pass* p, const int32_t* which, const tl_tensor* const* cotangents, int32_t n,
                               const tl_tensor* const* directions, tl_tensors** hv, tl_tensors** jv);
void tl_pass_free(tl_pass* p);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // TORCHLIGHT_H
