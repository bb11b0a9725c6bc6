package gradcam

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemoMakesOnce(t *testing.T) {
	var m memo[int]
	var made atomic.Int64
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			got, err := m.get(context.Background(), fmt.Sprint(i%4), func() (int, error) {
				return int(made.Add(1)) * 0, nil
			})
			assert.NoError(t, err)
			assert.Zero(t, got)
		})
	}
	all.Wait()
	assert.EqualValues(t, 4, made.Load())
	assert.Len(t, m.values(), 4)
}

func TestMemoForgetsErrors(t *testing.T) {
	var m memo[int]
	_, err := m.get(context.Background(), "a", func() (int, error) { return 0, errors.New("not today") })
	require.ErrorContains(t, err, "not today")
	assert.Empty(t, m.values())
	got, err := m.get(context.Background(), "a", func() (int, error) { return 7, nil })
	require.NoError(t, err)
	assert.Equal(t, 7, got)
}

// One caller's failure is not another's: who waited tries again.
func TestMemoWaitersRetry(t *testing.T) {
	var m memo[int]
	started, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_, err := m.get(context.Background(), "a", func() (int, error) {
			close(started)
			<-release
			return 0, context.Canceled
		})
		assert.ErrorIs(t, err, context.Canceled)
	})
	<-started
	all.Go(func() {
		got, err := m.get(context.Background(), "a", func() (int, error) { return 7, nil })
		assert.NoError(t, err)
		assert.Equal(t, 7, got)
	})
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := m.get(gone, "a", func() (int, error) { return 8, nil })
	assert.ErrorIs(t, err, context.Canceled, "one that is cancelled stops waiting")
	close(release)
	all.Wait()
}

func TestMemoSurvivesAPanic(t *testing.T) {
	var m memo[int]
	assert.Panics(t, func() {
		_, _ = m.get(context.Background(), "a", func() (int, error) { panic("broken model") })
	})
	got, err := m.get(context.Background(), "a", func() (int, error) { return 7, nil })
	require.NoError(t, err)
	assert.Equal(t, 7, got)
}

func TestMemoLimit(t *testing.T) {
	m := memo[int]{limit: 3}
	for i := range 10 {
		_, err := m.get(context.Background(), fmt.Sprint(i), func() (int, error) { return i, nil })
		require.NoError(t, err)
		assert.LessOrEqual(t, len(m.values()), 3)
	}
}
