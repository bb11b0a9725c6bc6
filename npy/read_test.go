package npy

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// The files in testdata are numpy's own (scripts/golden/npy.py).
func TestReadWhatNumpyWrote(t *testing.T) {
	quarters := []float32{-0.5, -0.25, 0, 0.25, 0.5, 0.75}
	tens := []int64{-100, -50, 0, 50, 100, 150}
	counting := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(i)
		}
		return x
	}
	for file, want := range map[string]engine.Array{
		"f4.npy":      {Shape: []int{2, 3}, Data: quarters},
		"f8.npy":      {Shape: []int{2, 3}, Data: quarters},
		"f2.npy":      {Shape: []int{2, 3}, Data: quarters},
		"v2.npy":      {Shape: []int{2, 3}, Data: quarters},
		"i8.npy":      {Shape: []int{2, 3}, Ints: tens},
		"i4.npy":      {Shape: []int{2, 3}, Ints: tens},
		"u1.npy":      {Shape: []int{2, 3}, Ints: []int64{0, 50, 100, 150, 200, 250}},
		"b1.npy":      {Shape: []int{2, 3}, Ints: []int64{0, 0, 0, 1, 1, 1}},
		"scalar.npy":  {Shape: []int{}, Data: []float32{1.5}},
		"vector.npy":  {Shape: []int{3}, Data: []float32{0, 1, 2}},
		"empty.npy":   {Shape: []int{0, 3}, Data: []float32{}},
		"batch.npy":   {Shape: []int{2, 3, 4, 5}, Data: counting(120)},
		"fortran.npy": {Shape: []int{2, 3, 4}, Data: counting(24)},
	} {
		got, err := ReadFile("testdata/" + file)
		require.NoError(t, err, file)
		assert.Equal(t, want, got, file)
		assert.NoError(t, got.Check(), file)

		raw, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		got, err = Read(iotest.OneByteReader(bytes.NewReader(raw)))
		require.NoError(t, err, file)
		assert.Equal(t, want, got, "%s, byte by byte", file)
	}
}

func TestHalfAgainstNumpy(t *testing.T) {
	got, err := ReadFile("testdata/half.npy")
	require.NoError(t, err)
	want, err := ReadFile("testdata/half_as_f4.npy")
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.True(t, math.IsNaN(float64(half(0x7e00))))
	assert.True(t, math.IsInf(float64(half(0xfc00)), -1))
	assert.Equal(t, float32(math.Ldexp(1, -24)), half(1), "the smallest subnormal")
	assert.True(t, math.Signbit(float64(half(0x8000))), "minus zero")
}

func TestReadLeavesTheRest(t *testing.T) {
	var b bytes.Buffer
	for i := range 3 {
		require.NoError(t, Write(&b, engine.Array{Shape: []int{1}, Data: []float32{float32(i)}}))
	}
	for i := range 3 {
		a, err := Read(&b)
		require.NoError(t, err)
		assert.Equal(t, []float32{float32(i)}, a.Data)
	}
	_, err := Read(&b)
	assert.EqualError(t, err, "npy: the file is empty")
}

// file builds a version 1.0 file around a header.
func file(header string, data ...byte) []byte {
	b := append([]byte(magic), 1, 0, byte(len(header)), byte(len(header)>>8))
	return append(append(b, header...), data...)
}

func TestReadRefuses(t *testing.T) {
	good := "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n"
	with := func(from, to string) []byte {
		require.Contains(t, good, from)
		return file(strings.Replace(good, from, to, 1), 0, 0, 0, 0)
	}
	golden := func(name string) []byte {
		b, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		return b
	}
	for _, c := range []struct {
		name string
		in   []byte
		want string
	}{
		{"empty", nil, "the file is empty"},
		{"text", []byte("hello there"), "not a .npy file; save the array with numpy.save"},
		{"one byte of text", []byte("x"), "not a .npy file; save the array with numpy.save"},
		{"npz", golden("archive.npz"), "a zip archive (.npz); save one array with numpy.save"},
		{"cut in the magic", []byte(magic[:3]), "the file is truncated inside its header"},
		{"cut in the version", []byte(magic + "\x01"), "the file is truncated inside its header"},
		{"cut in the length", []byte(magic + "\x01\x00\x10"), "the file is truncated inside its header"},
		{"cut in the length of version 2", []byte(magic + "\x02\x00\x10\x00"), "the file is truncated inside its header"},
		{"cut in the header", file(good)[:40], "the file is truncated inside its header"},
		{"cut in the data", file(good, 1, 2, 3), "the file is truncated: shape [1] wants 4 bytes of data, 3 are there"},
		{"version 3", golden("v3.npy"), "format version 3.0; versions 1.0 and 2.0 are read, which numpy.save writes for plain arrays"},
		{"huge header", []byte(magic + "\x02\x00\xff\xff\xff\xff"), "a header of 4294967295 bytes, the limit is 10000"},

		{"big-endian", golden("big_endian.npy"), `big-endian data (">f4"); convert it with x.astype('<f4')`},
		{"complex", golden("complex.npy"), `element type "<c8"; convert it to <f4 (also read: <f8 <f2 <i8 <i4 |u1 |b1)`},
		{"objects", golden("objects.npy"), "pickled Python objects, which are never loaded; save an array of float32"},
		{"records", golden("records.npy"), "an array of records; save one field of it, as float32"},

		{"no dict", file("[]"), `malformed header: "{" expected, found "[]"`},
		{"empty header", file(""), `malformed header: "{" expected, found ""`},
		{"open dict", file("{'descr': '<f4'"), `malformed header: "}" expected, found ""`},
		{"no descr", with("'descr': '<f4', ", ""), `malformed header: no key "descr"`},
		{"no order", with("'fortran_order': False, ", ""), `malformed header: no key "fortran_order"`},
		{"no shape", with("'shape': (1,), ", ""), `malformed header: no key "shape"`},
		{"key twice", with("'fortran_order': False", "'descr': '<f4'"), `malformed header: key "descr" twice`},
		{"unknown key", with("'descr'", "'dtype'"), `malformed header: unknown key "dtype"`},
		{"after the dict", with("}", "} + 1"), `malformed header: "+ 1\n" after the closing brace`},
		{"no colon", with("'descr':", "'descr'"), `malformed header: ":" expected, found "'<f4', 'fortran_orde..."`},
		{"no comma", with("'<f4',", "'<f4'"), `malformed header: "}" expected, found "'fortran_order': Fal..."`},
		{"unquoted key", with("'descr'", "descr"), `malformed header: a quoted string expected, found "descr: '<f4', 'fortr..."`},
		{"open quote", file("{'descr"), `malformed header: a quoted string expected, found "'descr"`},
		{"number as descr", with("'<f4'", "4"), `malformed header: a quoted string expected, found "4, 'fortran_order': ..."`},
		{"number as order", with("False", "0"), `malformed header: True or False expected, found "0, 'shape': (1,), }\n"`},
		{"shape a number", with("(1,)", "1"), `malformed header: "(" expected, found "1, }\n"`},
		{"shape no tuple", with("(1,)", "(1)"), "malformed header: a shape that is no tuple"},
		{"shape open", file("{'shape': (1, 2"), `malformed header: ")" expected, found ""`},
		{"negative extent", with("(1,)", "(-1,)"), `malformed header: a number expected in the shape, found "-1,), }\n"`},
		{"fractional extent", with("(1,)", "(1.5,)"), `malformed header: ")" expected, found ".5,), }\n"`},
		{"extent beyond int", with("(1,)", "(99999999999999999999,)"), "malformed header: extent 99999999999999999999 in the shape"},
		{"65 dimensions", with("(1,)", "("+strings.Repeat("1,", 65)+")"), "malformed header: more than 64 dimensions"},
		{"product beyond int", with("(1,)", "(4294967296, 4294967296, 16)"),
			"malformed header: shape [4294967296 4294967296 16] is larger than any file"},
		{"more than is there", with("(1,)", "(1000, 1000, 1000, 1000)"),
			"the file is truncated: shape [1000 1000 1000 1000] wants 4000000000000 bytes of data, 4 are there"},
		{"double out of range", file(strings.Replace(good, "<f4", "<f8", 1), 0, 0, 0, 0, 0, 0, 0xf0, 0x7e),
			"element 0 is 2.7430620343968443e+303, beyond the range of float32"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Read(bytes.NewReader(c.in))
			require.EqualError(t, err, "npy: "+c.want)
			assert.Zero(t, a)

			path := filepath.Join(t.TempDir(), "x.npy")
			require.NoError(t, os.WriteFile(path, c.in, 0o644))
			_, err = ReadFile(path)
			require.EqualError(t, err, "npy: "+path+": "+c.want)
			assert.Equal(t, strings.Contains(c.want, "truncated"), errors.Is(err, ErrTruncated))
		})
	}
}

func TestReadFileRefuses(t *testing.T) {
	_, err := ReadFile("testdata/absent.npy")
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.EqualError(t, err, "npy: open testdata/absent.npy: no such file or directory")

	_, err = ReadFile("testdata")
	assert.EqualError(t, err, "npy: testdata: read testdata: is a directory")

	path := filepath.Join(t.TempDir(), "two.npy")
	one, err := os.ReadFile("testdata/f4.npy")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(one, one...), 0o644))
	_, err = ReadFile(path)
	assert.EqualError(t, err, "npy: "+path+": 152 bytes after the array; save one array in each file")
}

// A pipe cannot say how much it holds. A header that promises a terabyte must
// not cost one.
func TestReadFromAPipeThatPromisesTooMuch(t *testing.T) {
	in := file("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }\n", make([]byte, 1000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read(io.MultiReader(bytes.NewReader(in)))
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, ErrTruncated)
	require.EqualError(t, err, "npy: the file is truncated: its shape wants 4000000000000 bytes of data, 1000 are there")
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
}

func TestReadPassesTheReadersErrorOn(t *testing.T) {
	lost := errors.New("connection lost")
	whole, err := os.ReadFile("testdata/f4.npy")
	require.NoError(t, err)
	for _, at := range []int{0, 4, 9, 60, 140} {
		_, err := Read(io.MultiReader(bytes.NewReader(whole[:at]), iotest.ErrReader(lost)))
		assert.ErrorIs(t, err, lost, "after %d bytes", at)
	}
}

// plainRowMajor is fromFortran by definition: element (i0, i1, ...) lies at
// i0 + n0*(i1 + n1*(...)) in Fortran order.
func plainRowMajor(shape []int, src []float32) []float32 {
	dst := make([]float32, len(src))
	for i := range dst {
		rest, index := i, make([]int, len(shape))
		for k := len(shape) - 1; k >= 0; k-- {
			index[k], rest = rest%shape[k], rest/shape[k]
		}
		at := 0
		for k := len(shape) - 1; k >= 0; k-- {
			at = at*shape[k] + index[k]
		}
		dst[i] = src[at]
	}
	return dst
}

func TestFortranOrder(t *testing.T) {
	for _, shape := range [][]int{{}, {5}, {2, 3}, {3, 1, 4}, {2, 3, 4, 5}, {1, 1}} {
		src := make([]float32, engine.Size(shape))
		for i := range src {
			src[i] = float32(i)
		}
		assert.Equal(t, plainRowMajor(shape, src), rowMajor(shape, src), "%v", shape)
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.np?")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds in testdata", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Read(bytes.NewReader(b))
		again, err2 := Read(io.MultiReader(bytes.NewReader(b)))
		if (err == nil) != (err2 == nil) {
			t.Fatalf("a sized reader gives %v, a stream %v", err, err2)
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("error of several lines: %q", err)
			}
			return
		}
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
		var w1, w2 bytes.Buffer
		if Write(&w1, a) != nil { // integers that float32 cannot hold
			return
		}
		if err := Write(&w2, again); err != nil || !bytes.Equal(w1.Bytes(), w2.Bytes()) {
			t.Fatalf("the two readings differ: %v", err)
		}
		back, err := Read(&w1)
		if err != nil || back.Len() != a.Len() {
			t.Fatalf("what was written does not read: %v", err)
		}
	})
}
