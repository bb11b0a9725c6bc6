//go:build cgo

package main

import "testing"

// TestModels runs what needs libtorch.
func TestModels(t *testing.T) { runScripts(t, "models") }
