package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDescribe(t *testing.T) {
	r := describe("make bench", facts{Capability: "AVX2", Versions: map[string]string{"torch": "2.11.0"}})
	assert.Equal(t, "make bench", r.Command)
	assert.Equal(t, "AVX2", r.Capability)
	assert.Equal(t, "2.11.0", r.Versions["torch"])
	assert.NotEmpty(t, r.Versions["go"])
	assert.NotEmpty(t, r.CPU)
	assert.Positive(t, r.Cores)
	assert.Regexp(t, `^\d{4}-\d\d-\d\d$`, r.Date)
}

func TestField(t *testing.T) {
	text := "processor\t: 0\nmodel name\t: Toy: fast\nmodel name\t: other\n"
	assert.Equal(t, "Toy: fast", field(text, "model name"))
	assert.Empty(t, field(text, "model"))
}
