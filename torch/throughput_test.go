//go:build cgo

package torch_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/torch"
)

// How the processors are best shared: 32 images by batches of several sizes, that
// many calls at once with that many threads each. One batch of 32 at a time with all
// threads is "calls=1/threads=2/batch=32" on two processors.
func BenchmarkThroughput(b *testing.B) {
	threads, processors := torch.NumThreads(), runtime.GOMAXPROCS(0)
	m, err := torch.Load(sampleModel)
	require.NoError(b, err)
	defer m.Close()
	e, err := gradcam.New(m, gradcam.WithLayer("features.18"))
	require.NoError(b, err)
	defer e.Close()
	defer func() { require.NoError(b, torch.SetNumThreads(threads)) }()
	defer func() { require.NoError(b, torch.SetWorkers(0)) }()
	const images = 32
	for _, calls := range []int{1, processors} {
		for _, each := range slices.Compact([]int{1, processors / calls}) {
			for _, batch := range []int{1, 8, 32} {
				b.Run(fmt.Sprintf("calls=%d/threads=%d/batch=%d", calls, each, batch), func(b *testing.B) {
					require.NoError(b, torch.SetNumThreads(each))
					require.NoError(b, torch.SetWorkers(calls))
					x := pictures(batch, 224)
					require.NoError(b, e.Warm(context.Background(), x.Shape))
					for b.Loop() {
						explainShares(b, e, x, calls*images/batch)
					}
					b.ReportMetric(float64(b.N*calls*images)/b.Elapsed().Seconds(), "images/s")
				})
			}
		}
	}
}

// explainShares explains a batch that many times, from as many goroutines.
func explainShares(b *testing.B, e *gradcam.Explainer, x engine.Array, times int) {
	b.Helper()
	var all sync.WaitGroup
	for range times {
		all.Go(func() {
			if _, err := e.Explain(context.Background(), x); err != nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
}
