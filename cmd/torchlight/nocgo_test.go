//go:build !cgo

package main

import "testing"

// TestWithoutCgo runs what a build without cgo says instead of working.
func TestWithoutCgo(t *testing.T) { runScripts(t, "nocgo") }
