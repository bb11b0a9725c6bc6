// Package oracletest compares arrays, passes and results with those of an oracle:
// Python's as they are committed (package golden) and Python's as computed now
// (package parity).
package oracletest
