// Package parity holds the comparison of every method with its Python reference,
// and the table that says how it came out. There is no code but tests: those that
// run Python's values need the build tag parity, see README.md.
package parity
