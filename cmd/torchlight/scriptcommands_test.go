package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/npy"
)

// exit CODE COMMAND ARG... runs a command that must end with that exit code.
func exit(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d; stderr: %s", got, want, ts.ReadFile("stderr"))
	}
}

// told WORD... wants one line on stderr, from torchlight, with all of the words; and
// nothing on stdout.
func told(ts *testscript.TestScript, neg bool, words []string) {
	text := ts.ReadFile("stderr")
	if neg {
		if text != "" {
			ts.Fatalf("stderr is not empty: %s", text)
		}
		return
	}
	if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "torchlight: ") {
		ts.Fatalf("stderr is not one line of torchlight: %q", text)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("stdout is not empty: %q", out)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			ts.Fatalf("stderr lacks %q: %s", w, text)
		}
	}
}

// files FOLDER NAME... wants exactly those files, hidden ones included: nothing half
// written stays behind.
func files(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := slices.Sorted(slices.Values(args[1:]))
	if !slices.Equal(got, want) {
		ts.Fatalf("%s holds %v, want %v", args[0], got, want)
	}
}

// array FILE SHAPE [LOW HIGH] wants an array of that shape, with those extremes.
func array(ts *testscript.TestScript, _ bool, args []string) {
	a := readArray(ts, args[0])
	if got := strings.Trim(strings.ReplaceAll(fmt.Sprint(a.Shape), " ", ","), "[]"); got != args[1] {
		ts.Fatalf("%s has shape %s, want %s", args[0], got, args[1])
	}
	for i, extreme := range []float32{slices.Min(a.Data), slices.Max(a.Data)}[:len(args)-2] {
		want, err := strconv.ParseFloat(args[2+i], 32)
		ts.Check(err)
		if math.Abs(float64(extreme)-want) > 1e-6 {
			ts.Fatalf("%s goes from %g to %g, want %v", args[0], slices.Min(a.Data), slices.Max(a.Data), args[2:])
		}
	}
}

// like FILE REFERENCE TOLERANCE [ROW] wants equal arrays, up to the tolerance times
// the reference's largest value. Axes of one do not matter.
func like(ts *testscript.TestScript, neg bool, args []string) {
	got, want := readArray(ts, args[0]), readArray(ts, args[1])
	tolerance, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	if len(args) > 3 {
		row, err := strconv.Atoi(args[3])
		ts.Check(err)
		want = want.Row(row)
	}
	if !slices.Equal(squeezed(got.Shape), squeezed(want.Shape)) {
		ts.Fatalf("%s has shape %v, %s %v", args[0], got.Shape, args[1], want.Shape)
	}
	largest, difference := 0.0, 0.0
	for i, v := range want.Data {
		largest = max(largest, math.Abs(float64(v)))
		difference = max(difference, math.Abs(float64(v)-float64(got.Data[i])))
	}
	if largest == 0 {
		ts.Fatalf("%s is all zero and proves nothing", args[1])
	}
	if near := difference <= tolerance*largest; near == neg {
		ts.Fatalf("%s and %s differ by %.1e of %.3g", args[0], args[1], difference, largest)
	}
}

// row FILE ARRAY N writes row N of an array as an array of one row.
func row(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	a := readArray(ts, args[1]).Row(n)
	a.Shape = append([]int{1}, a.Shape...)
	ts.Check(npy.WriteFile(ts.MkAbs(args[0]), a))
}

func squeezed(shape []int) []int {
	return slices.DeleteFunc(slices.Clone(shape), func(n int) bool { return n == 1 })
}

func readArray(ts *testscript.TestScript, name string) engine.Array {
	a, err := npy.ReadFile(ts.MkAbs(name))
	ts.Check(err)
	return a
}

// picture FILE WxH wants a PNG of that size.
func picture(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	c, err := png.DecodeConfig(f)
	ts.Check(err)
	if got := fmt.Sprintf("%dx%d", c.Width, c.Height); got != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

// write KIND FILE ARG... writes an input:
//
//	write ramp x.npy 2,3,8,8     float32, growing
//	write nan x.npy 2,3,8,8      the same with a NaN in its last place
//	write int x.npy 2,3,8,8      int64
//	write bytes x.npy 2,3,8,8    uint8
//	write part x.png y.png 100   the first 100 bytes of y.png
//	write wide x.png 10000       a PNG of 10000 x 10000 black or white pixels
func write(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o777))
	if args[0] == "part" {
		n, err := strconv.Atoi(args[3])
		ts.Check(err)
		whole, err := os.ReadFile(ts.MkAbs(args[2]))
		ts.Check(err)
		ts.Check(os.WriteFile(name, whole[:n], 0o666))
		return
	}
	if args[0] == "wide" {
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		ts.Check(os.WriteFile(name, blackPNG(n), 0o666))
		return
	}
	var shape []int
	ts.Check(json.Unmarshal([]byte("["+args[2]+"]"), &shape))
	a := engine.NewArray(shape...)
	for i := range a.Data {
		a.Data[i] = float32(i%17)/8 - 1
	}
	switch args[0] {
	case "nan":
		a.Data[len(a.Data)-1] = float32(math.NaN())
	case "int":
		ts.Check(os.WriteFile(name, integers("<i8", shape, 8*len(a.Data)), 0o666))
		return
	case "bytes":
		ts.Check(os.WriteFile(name, integers("|u1", shape, len(a.Data)), 0o666))
		return
	}
	ts.Check(npy.WriteFile(name, a))
}

// integers is a .npy file of n bytes of zeros, whose type package npy reads but
// never writes.
func integers(descr string, shape []int, n int) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", ", "), "[]"))
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	file := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	file = append(file, header...)
	return append(file, make([]byte, n)...)
}

// blackPNG is small for its number of pixels.
func blackPNG(n int) []byte {
	var rows bytes.Buffer
	z := zlib.NewWriter(&rows)
	for range n {
		_, _ = z.Write(make([]byte, 1+(n+7)/8)) // a buffer takes everything
	}
	_ = z.Close()
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(n)), uint32(n))
	file := []byte("\x89PNG\r\n\x1a\n")
	for _, chunk := range [][]byte{
		append([]byte("IHDR"), append(head, 1, 0, 0, 0, 0)...), append([]byte("IDAT"), rows.Bytes()...), []byte("IEND"),
	} {
		file = binary.BigEndian.AppendUint32(file, uint32(len(chunk)-4))
		file = binary.BigEndian.AppendUint32(append(file, chunk...), crc32.ChecksumIEEE(chunk))
	}
	return file
}

// interrupt FILE COMMAND ARG... runs a command, sends it SIGINT when the file is
// there, and wants exit code 130.
func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	var stderr bytes.Buffer
	path, err := exec.LookPath(args[1])
	if err != nil {
		path = filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], args[1])
	}
	c := exec.Command(path, args[2:]...)
	c.Args[0], c.Dir, c.Stderr = args[1], ts.MkAbs("."), &stderr
	ts.Check(c.Start())
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			break
		}
		if time.Since(start) > time.Minute {
			_ = c.Process.Kill()
			ts.Fatalf("%s does not appear; stderr: %s", args[0], &stderr)
		}
	}
	ts.Check(c.Process.Signal(os.Interrupt))
	_ = c.Wait() // the exit code is looked at next
	if code := c.ProcessState.ExitCode(); code != exitInterrupted {
		ts.Fatalf("exit code %d, want %d; stderr: %s", code, exitInterrupted, &stderr)
	}
	ts.Check(os.WriteFile(ts.MkAbs("stderr.txt"), stderr.Bytes(), 0o666))
}

// sets FOLDER wants all files of every input of which there is any, and no others.
func sets(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	of := map[string]int{}
	for _, e := range entries {
		stem, kind, _ := strings.Cut(e.Name(), ".")
		if stem == "" {
			ts.Fatalf("%s was left behind", e.Name())
		}
		if kind == "json" { // the last one written
			of[stem] += 10
		}
		of[stem]++
	}
	for stem, n := range of {
		if n != 14 {
			ts.Fatalf("%s is incomplete: %v", stem, entries)
		}
	}
}
