//go:build parity

package parity

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/oracletest"
	"github.com/torchlight-go/torchlight/torch"
)

// concepts compares what a factorisation leaves out. Both solvers stop at a local
// minimum, so ours must be as low as scikit-learn's, up to the tolerance at which
// it stops, and not equal to it.
func (r methodRun) concepts(t *testing.T, table *table, m *torch.Module, c methodCase) {
	a := oracletest.Activation(t, m, r.layers[0], readArray(t, c.Input))
	view, err := gradcam.Layout{Order: gradcam.ChannelsFirst}.View(a)
	require.NoError(t, err)
	found, err := c.method(t).(gradcam.DFF).Factorise(view)
	require.NoError(t, err)
	want := float64(readArray(t, c.Want["raw0"]).Data[0])
	require.NotZero(t, want)
	worse := max(0, found.Error-want)
	if worse > c.Tolerance*want {
		t.Errorf("error %g of the factorisation, scikit-learn leaves %g", found.Error, want)
	}
	table.note(c.comparison(), r.model, r.form, r.folded, worse, worse/want, c.Tolerance)
	t.Logf("error %g, scikit-learn's %g", found.Error, want)
}
