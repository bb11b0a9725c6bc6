//go:build !asan

package torch_test

// sanitized says that the address sanitizer is at work.
const sanitized = false
