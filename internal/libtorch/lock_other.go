//go:build !unix

package libtorch

import (
	"context"
	"errors"
)

// lock is never reached: platforms without flock are refused before.
func lock(context.Context, string, func()) (func(), error) {
	return nil, errors.New("libtorch: this platform has no file locks")
}
