package explain

import "sync"

// spare keeps memory that nobody uses, so that a long run allocates what is in flight
// and no more. A sync.Pool would lose it with every collection, which buffers of
// photos bring about.
type spare[T any] struct {
	mu   sync.Mutex
	free []*T
}

// take is a free one, or a new one.
func (s *spare[T]) take() *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free)
	if n == 0 {
		return new(T)
	}
	one := s.free[n-1]
	s.free = s.free[:n-1]
	return one
}

func (s *spare[T]) give(one *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, one)
}
