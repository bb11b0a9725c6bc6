package gradcam

import (
	"context"
	"sync"
)

// memo remembers what was made for a key. Callers that ask for the same key at
// the same time wait for one of them to make it. Errors are not remembered: the
// next one tries again, as does one that was waiting when another's context was
// cancelled. The zero value is ready to use.
type memo[V any] struct {
	// limit is the number of values after which old ones are forgotten; 0 is none.
	limit   int
	mu      sync.Mutex
	entries map[string]*memoEntry[V]
}

type memoEntry[V any] struct {
	done  chan struct{} // closed when value is there, or could not be made
	ok    bool
	value V
}

func (m *memo[V]) get(ctx context.Context, key string, create func() (V, error)) (V, error) {
	for {
		entry, mine := m.claim(key)
		if mine {
			return m.fill(key, entry, create)
		}
		select {
		case <-entry.done:
			if entry.ok {
				return entry.value, nil
			}
		case <-ctx.Done():
			var zero V
			return zero, ctx.Err()
		}
	}
}

// claim returns the entry of a key and whether the caller is to fill it.
func (m *memo[V]) claim(key string) (*memoEntry[V], bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if entry, ok := m.entries[key]; ok {
		return entry, false
	}
	if m.entries == nil {
		m.entries = map[string]*memoEntry[V]{}
	}
	if m.limit > 0 && len(m.entries) >= m.limit {
		m.forget()
	}
	entry := &memoEntry[V]{done: make(chan struct{})}
	m.entries[key] = entry
	return entry, true
}

// forget drops every value that is there. Those being made stay.
func (m *memo[V]) forget() {
	for key, entry := range m.entries {
		select {
		case <-entry.done:
			delete(m.entries, key)
		default:
		}
	}
}

func (m *memo[V]) fill(key string, entry *memoEntry[V], create func() (V, error)) (V, error) {
	// Deferred, so that a panic in create does not leave others waiting.
	defer func() {
		if !entry.ok {
			m.mu.Lock()
			delete(m.entries, key)
			m.mu.Unlock()
		}
		close(entry.done)
	}()
	value, err := create()
	if err == nil {
		entry.value, entry.ok = value, true
	}
	return value, err
}

// values are all that was made so far.
func (m *memo[V]) values() []V {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []V
	for _, e := range m.entries {
		select {
		case <-e.done:
			if e.ok {
				all = append(all, e.value)
			}
		default:
		}
	}
	return all
}
