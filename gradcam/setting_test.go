package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/engine"
)

type filter int

func (filter) Choices() []string { return []string{"nearest", "linear"} }

type origin struct {
	Value float64 `default:"0" about:"what fills it"`
	Array engine.Array
}

// cells are of a struct with several fields.
type cells struct{ Rows, Cols int }

type Shared struct{ Rounds int }

// everything has a field of every kind.
type everything struct {
	CAM
	Shared
	Samples    int `default:"25" about:"how many"`
	StepSize   float64
	Signed     bool
	Window     [2]int
	Ranks      []int
	Weights    []float32
	Rule       filter
	Start      origin `about:"where it starts"`
	Grid       cells
	Base       Method
	Mode       string
	RandomSeed uint64
	Function   func()
	private    int
}

func (everything) Name() string { return "everything" }

func TestSettings(t *testing.T) {
	got := map[string]string{}
	for _, s := range Settings(everything{}) {
		got[s.Name] = s.Takes
	}
	assert.Equal(t, map[string]string{
		"cam": "text", "rounds": "integer", "samples": "integer", "rows": "integer", "cols": "integer", "step-size": "number", "signed": "true or false", "window": "integers",
		"ranks": "integers", "weights": "numbers", "rule": "nearest, linear", "start": "number", "base": "method", "mode": "text", "random-seed": "integer",
	}, got)
	assert.Equal(t, Setting{"samples", "integer", "25", "how many", []int{2}}, Settings(everything{})[2])
	assert.Equal(t, Setting{"start", "number", "0", "where it starts", []int{9, 0}}, Settings(everything{})[9], "the field that holds it says more")
	assert.Empty(t, Settings(GradCAM))
	assert.Equal(t, "a-rises-uv", kebab("ARisesUV"))
}

// Every option of every method has a name of its own and takes its zero value.
func TestSettingsOfAllMethods(t *testing.T) {
	for _, m := range Methods() {
		seen := map[string]bool{}
		for _, s := range Settings(m) {
			assert.Regexp(t, `^[a-z0-9-]+$`, s.Name)
			assert.NotEmpty(t, s.article())
			assert.NotEmpty(t, s.Meaning, "%s of %s", s.Name, m.Name())
			assert.NotEmpty(t, s.Default, "%s of %s", s.Name, m.Name())
			assert.False(t, seen[s.Name], "%s has two options %s", m.Name(), s.Name)
			seen[s.Name] = true
		}
	}
}
