package gradcam

import (
	"cmp"
	"reflect"
	"strings"
	"unicode"

	"github.com/torchlight-go/torchlight/engine"
)

// Setting is one option of a method as text can give it.
type Setting struct {
	// Name is the field's in kebab-case: "samples", "window-stride".
	Name string `json:"name"`
	// Takes says what its value looks like: "integer", "number", "true or false",
	// "integers", "numbers", "method", "text", or the words to choose from.
	Takes string `json:"takes"`
	// Default is the value that an option not given has: as text can give it, or
	// what it is made of.
	Default string `json:"default"`
	// Meaning is one line.
	Meaning string `json:"meaning"`

	field []int // its index within the method's struct
}

// choice is an option with words for values: a type of int whose constants count
// from 0.
type choice interface {
	// Choices are the words of the constants, in their order.
	Choices() []string
}

// Settings lists the options of a method: the exported fields of its struct that
// text can give. Those that hold arrays or functions are left to Go. Default and
// meaning are the field's tags "default" and "about".
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
			found = append(found, Setting{name, takes, f.Tag.Get("default"), f.Tag.Get("about"), at})
			continue
		}
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[engine.Array]() {
			inner := settingsOf(f.Type, at)
			if len(inner) == 1 && !f.Anonymous {
				inner[0].Name, inner[0].Meaning = name, cmp.Or(f.Tag.Get("about"), inner[0].Meaning)
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

// orDefault is the reference's default for an option left at zero.
func orDefault[T int | float64](v, standard T) T {
	if v == 0 {
		return standard
	}
	return v
}
