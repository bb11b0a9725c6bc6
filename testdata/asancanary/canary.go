// Package asancanary reads past an array in C++. The sanitizer's leg of the
// tests runs it first, to know that it would see such a thing in the shim.
package asancanary

// int tl_canary(int n);
import "C"

func past(n int) int { return int(C.tl_canary(C.int(n))) }
