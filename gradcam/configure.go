package gradcam

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/torchlight-go/torchlight/internal/nearest"
)

// Configure returns a method with one option set, whose name is one of
// [Settings]: Configure(RISE{}, "masks", "1000"). A list is "2,3" or "2x3". What
// is out of range the method says when it runs. The method given is left as it is; of
// a pointer to a method's struct the result is a pointer, too.
func Configure(m Method, name, value string) (Method, error) {
	settings := Settings(m)
	var names []string
	for _, s := range settings {
		names = append(names, s.Name)
		if s.Name != name {
			continue
		}
		own := reflect.Indirect(reflect.ValueOf(m))
		changed := reflect.New(own.Type())
		changed.Elem().Set(own)
		if err := parseInto(changed.Elem().FieldByIndex(s.field), value); err != nil {
			return nil, fmt.Errorf("option %s of %s: %q: give %s", name, m.Name(), value, s.article())
		}
		if reflect.TypeOf(m).Kind() != reflect.Pointer {
			changed = changed.Elem()
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
