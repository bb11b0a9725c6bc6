package card

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(schemaFile)
	require.NoError(t, err)
	return s
}

// asJSON is a card as the schema sees it, or why it has no such form.
func asJSON(card []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(card, &v); err != nil {
		return nil, err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

// The reader and the schema agree on the example, and on every mistake that the
// schema can express.
func TestReaderAgreesWithTheSchema(t *testing.T) {
	s := schema(t)
	example, err := os.ReadFile(exampleFile)
	require.NoError(t, err)
	v, err := asJSON(example)
	require.NoError(t, err)
	require.NoError(t, s.Validate(v))
	for _, c := range badCards {
		v, err := asJSON([]byte(c.text))
		if err != nil {
			assert.False(t, c.schema, c.text)
			continue
		}
		if c.schema {
			assert.Error(t, s.Validate(v), c.text)
		}
	}
}

// Every key and every word of the schema is known to the reader.
func TestReaderKnowsTheSchema(t *testing.T) {
	data, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	var doc struct {
		Properties map[string]struct {
			Enum       []any
			Properties map[string]struct{ Enum []any }
		}
	}
	require.NoError(t, json.Unmarshal(data, &doc))
	require.Len(t, doc.Properties, 11)
	accepts := func(key string, value any) {
		text, err := json.Marshal(value)
		require.NoError(t, err)
		_, err = Parse("m.yaml", []byte("input: {size: [1, 1]}\n"+key+string(text)))
		assert.NoError(t, err)
	}
	for key, p := range doc.Properties {
		_, err := Parse("m.yaml", []byte(key+": ?"))
		assert.NotContains(t, err.Error(), "unknown key", key)
		for _, word := range p.Enum {
			accepts(key+": ", word)
		}
		for inner, q := range p.Properties {
			_, err := Parse("m.yaml", []byte(key+":\n  "+inner+": ?"))
			assert.NotContains(t, err.Error(), "unknown key", inner)
			for _, word := range q.Enum {
				if key == "preprocess" {
					accepts(key+":\n  "+inner+": ", word)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(exampleFile)
	require.NoError(f, err)
	f.Add(example)
	for _, c := range badCards {
		f.Add([]byte(c.text))
	}
	s := schema(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("m.yaml", data)
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		// What the reader takes, the schema takes, and the pipeline can be run.
		v, err := asJSON(data)
		require.NoError(t, err)
		require.NoError(t, s.Validate(v))
		require.NoError(t, c.Pipeline().Validate())
	})
}
