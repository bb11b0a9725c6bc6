// Package golden compares explanations with the values of Python that are committed
// in testdata/golden, so that `go test` needs no Python. It has tests only;
// package parity compares with Python itself.
package golden
