// Package precision measures what explanations lose and win when the network runs in
// another element type: two explainers of one model, on the same inputs, in turns.
package precision
