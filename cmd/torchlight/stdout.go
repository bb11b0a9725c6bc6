package main

import (
	"fmt"
	"io"
	"sync"
)

// stdout remembers the first write that failed: a full disk behind a pipe or a
// redirection must not pass for success.
type stdout struct {
	io.Writer
	mu     sync.Mutex
	failed error
	stop   func() // called at that time, if it is set
}

func (s *stdout) Write(b []byte) (int, error) {
	n, err := s.Writer.Write(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.failed == nil {
		s.failed = fmt.Errorf("standard output cannot be written: %w; send it elsewhere", err)
		if s.stop != nil {
			s.stop()
		}
	}
	return n, err //nolint:wrapcheck // a Writer hands on what it wraps
}

// err is the first failure.
func (s *stdout) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// stopOnFailure has stop called when w cannot be written.
func stopOnFailure(w io.Writer, stop func()) {
	if s, ok := w.(*stdout); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stop = stop
	}
}
