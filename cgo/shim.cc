// The C++ behind torchlight.h, compiled as one unit: nine tenths of the time goes
// into libtorch's headers, and cgo would pay it again for each file. The code of
// x.h is in x.hh; the go command watches both.
#include "failure.hh"
#include "runtime.hh"
#include "tensor.hh"

#include "tap.hh"
#include "state.hh"
#include "flatten.hh"
#include "address.hh"
#include "cut.hh"
#include "decompose.hh"
#include "derivative.hh"
#include "optimise.hh"

#include "model.hh"
#include "calls.hh"
#include "plan.hh"
#include "pass.hh"
