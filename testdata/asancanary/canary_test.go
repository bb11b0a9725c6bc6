package asancanary

import "testing"

// TestPast passes without a sanitizer and kills the process with one.
func TestPast(t *testing.T) { t.Log(past(4)) }
