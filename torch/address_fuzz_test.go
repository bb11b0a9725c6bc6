//go:build cgo

package torch_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// FuzzHook: any text as the address of a layer gives a hook or a refusal, and
// leaves the module as it was.
func FuzzHook(f *testing.F) {
	for _, s := range []string{"", "input", "conv", "conv@0", "conv@-1", "conv@1@2", "conv:0", "conv:0.1", "split:0", "split:1.0", "split:-1", "split:",
		"split:..", "@", ":", "#", "#:", "#conv2d", "#conv2d:0", "#conv2d:-1", "#conv2d:-99999999999", "#relu_:0", "#:0", "head.2", "head..2", ".head", "head.",
		"a\x00b", "a\nb", "\xff\xfe", "é", "conv@99999999999999999999", "#conv2d:0x1", "#conv2d: 1", "split:0@0", "split@0:0"} {
		f.Add(s)
	}
	var modules []*torch.Module
	for _, file := range []string{"tuple_output_module/script.pt", "tuple_output_module/frozen.pt", "in_loop/script.pt"} {
		m, err := torch.Load(filepath.Join(models, file))
		require.NoError(f, err)
		f.Cleanup(func() { m.Close() })
		modules = append(modules, m)
	}
	f.Fuzz(func(t *testing.T, address string) {
		for _, m := range modules {
			before := torch.Stats().Hooks
			h, err := m.Hook(address)
			if err != nil {
				require.Nil(t, h)
				oneOf(t, err, torch.ErrUnknownLayer, torch.ErrInvalid, torch.ErrFrozen, torch.ErrLayerNotCalled, torch.ErrLayerAmbiguous, torch.ErrLayerNotTensor)
				require.LessOrEqual(t, len(err.Error()), 2*longestMessage) // the address may be long
				continue
			}
			require.Equal(t, []string{address}, h.Layers())
			require.NoError(t, h.Close())
			require.Equal(t, before, torch.Stats().Hooks)
		}
	})
}
