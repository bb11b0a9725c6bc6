// Package npy reads and writes NumPy's .npy files, the form in which every
// numerical result of this project is stored and compared with Python.
//
// [Write] makes what numpy.save makes of a C-contiguous float32 array, byte for
// byte: version 1.0, '<f4'. [Read] takes what numpy.save makes of the types one
// meets in front of a network:
//
//	<f4 <f2      floats, exactly
//	<f8          floats, rounded to float32; a value out of its range is an error
//	<i8 <i4 |u1  integers, in engine.Array's Ints
//	|b1          integers 0 and 1
//
// in C or Fortran order, format versions 1.0 and 2.0. Everything else (objects,
// records, text, complex numbers, big-endian data) is refused by name. Memory
// grows with the bytes that are there, not with what a header claims.
//
// The format is described in numpy/lib/format.py.
package npy
