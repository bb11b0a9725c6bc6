package gradcam

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/internal/nearest"
)

// Setting is one option of a method as text can give it.
type Setting struct {
	// Name is the field's in kebab-case: "samples", "window-stride".
	Name string `json:"name"`
	// Takes says what its value looks like: "integer", "number", "true or false",
	// "integers", "numbers", "method", "text", or the words to choose from.
	Takes string `json:"takes"`

	field []int // its index within the method's struct
}

// choice is an option with words for values: a type of int whose constants count
// from 0.
type choice interface {
	// Choices are the words of the constants, in their order.
	Choices() []string
}

// Settings lists the options of a method: the exported fields of its struct that
// text can give. Those that hold arrays or functions are left to Go.
func Settings(m Method) []Setting {
	t := reflect.TypeOf(m)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return settingsOf(t, nil)
}

// settingsOf goes into structs: their fields count as the method's own. A struct of
// which text can give one field goes by its own name: a baseline is its value.
func settingsOf(t reflect.Type, index []int) []Setting {
	var found []Setting
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		at := append(append([]int(nil), index...), i)
		name := kebab(f.Name)
		if takes := takesOf(f.Type); takes != "" {
			found = append(found, Setting{name, takes, at})
			continue
		}
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[engine.Array]() {
			inner := settingsOf(f.Type, at)
			if len(inner) == 1 && !f.Anonymous {
				inner[0].Name = name
			}
			found = append(found, inner...)
		}
	}
	return found
}

// kebab turns StepSize into step-size and BatchOK into batch-ok.
func kebab(field string) string {
	var b strings.Builder
	runes := []rune(field)
	for i, r := range runes {
		begins := unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// takesOf says what the value of a field looks like, "" for one that text cannot
// give.
func takesOf(t reflect.Type) string {
	if c, ok := reflect.Zero(t).Interface().(choice); ok && t.Kind() == reflect.Int {
		return strings.Join(c.Choices(), ", ")
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "integer"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Interface:
		if t == reflect.TypeFor[Method]() {
			return "method"
		}
	case reflect.Slice, reflect.Array:
		if one := takesOf(t.Elem()); one == "integer" || one == "number" {
			return one + "s"
		}
	}
	return ""
}

// Configure returns a method with one option set, whose name is one of
// [Settings]: Configure(RISE{}, "masks", "1000"). A list is "2,3" or "2x3". What
// is out of range the method says when it runs.
func Configure(m Method, name, value string) (Method, error) {
	settings := Settings(m)
	var names []string
	for _, s := range settings {
		names = append(names, s.Name)
		if s.Name != name {
			continue
		}
		changed := reflect.New(reflect.TypeOf(m)).Elem()
		changed.Set(reflect.ValueOf(m))
		if err := parseInto(changed.FieldByIndex(s.field), value); err != nil {
			return nil, fmt.Errorf("option %s of %s: %q: give %s", name, m.Name(), value, s.article())
		}
		return changed.Interface().(Method), nil
	}
	switch hint := nearest.Hint(name, names); {
	case len(names) == 0:
		return nil, fmt.Errorf("method %s has no options, so no %q", m.Name(), name)
	case hint != "":
		return nil, fmt.Errorf("method %s has no option %q%s", m.Name(), name, hint)
	}
	return nil, fmt.Errorf("method %s has no option %q: it has %s", m.Name(), name, list(names))
}

// article is what to give, in a sentence.
func (s Setting) article() string {
	switch s.Takes {
	case "integer":
		return "an integer"
	case "number":
		return "a number"
	case "integers", "numbers":
		return s.Takes + " with commas between"
	case "method":
		return "the name of a method"
	case "text", "true or false":
		return s.Takes
	}
	return "one of " + s.Takes
}

// parseInto reads a value of the field's type.
func parseInto(v reflect.Value, text string) error {
	if c, ok := v.Interface().(choice); ok {
		for i, word := range c.Choices() {
			if word == text {
				v.SetInt(int64(i))
				return nil
			}
		}
		return strconv.ErrSyntax
	}
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return err
	case reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		v.SetUint(n)
		return err
	case reflect.Float32, reflect.Float64:
		x, err := strconv.ParseFloat(text, v.Type().Bits())
		if x-x != 0 {
			return strconv.ErrRange
		}
		v.SetFloat(x)
		return err
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Interface:
		m, err := ByName(text)
		if err == nil {
			v.Set(reflect.ValueOf(m))
		}
		return err
	}
	return parseList(v, text)
}

// parseList reads numbers with commas or an x between them.
func parseList(v reflect.Value, text string) error {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == 'x' })
	if v.Kind() == reflect.Array && len(words) != v.Len() {
		return strconv.ErrSyntax
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(words), len(words)))
	}
	for i, word := range words {
		if err := parseInto(v.Index(i), word); err != nil {
			return err
		}
	}
	return nil
}
