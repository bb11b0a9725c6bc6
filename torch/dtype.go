package torch

import (
	"fmt"
	"strings"

	"github.com/torchlight-go/torchlight/cgo"
)

// DType is the element type of a tensor.
type DType int

// Element types.
const (
	Uint8    = DType(cgo.Uint8)
	Int8     = DType(cgo.Int8)
	Int16    = DType(cgo.Int16)
	Int32    = DType(cgo.Int32)
	Int64    = DType(cgo.Int64)
	Float16  = DType(cgo.Float16)
	Float32  = DType(cgo.Float32)
	Float64  = DType(cgo.Float64)
	Bool     = DType(cgo.Bool)
	BFloat16 = DType(cgo.BFloat16)
)

// String is the type's name in PyTorch, without the prefix "torch.".
func (d DType) String() string {
	switch d {
	case Uint8:
		return "uint8"
	case Int8:
		return "int8"
	case Int16:
		return "int16"
	case Int32:
		return "int32"
	case Int64:
		return "int64"
	case Float16:
		return "float16"
	case Float32:
		return "float32"
	case Float64:
		return "float64"
	case Bool:
		return "bool"
	case BFloat16:
		return "bfloat16"
	}
	return fmt.Sprintf("scalar type %d", int(d))
}

// known reports whether the type is one of the constants.
func (d DType) known() bool { return !strings.HasPrefix(d.String(), "scalar type") }

// IsFloat reports whether values of the type can have a gradient.
func (d DType) IsFloat() bool {
	return d == Float16 || d == Float32 || d == Float64 || d == BFloat16
}

// Names that c10 prints, for what comes from the C side as text.
func dtypeName(c10 string) string {
	names := map[string]DType{
		"Byte": Uint8, "Char": Int8, "Short": Int16, "Int": Int32, "Long": Int64, "Half": Float16,
		"Float": Float32, "Double": Float64, "Bool": Bool, "BFloat16": BFloat16,
	}
	if d, ok := names[c10]; ok {
		return d.String()
	}
	return c10
}
