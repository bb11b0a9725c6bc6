package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Raw maps equal those of pytorch-grad-cam, torch-cam and captum in
// testdata/trials.json, which scripts/golden/trials.py writes.
func TestTrialsEqualTheirPeers(t *testing.T) {
	assert.Len(t, equalPeers(t, attributionCases(t, "trials.json")), 9)
}
