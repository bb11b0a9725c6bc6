// Package nearest finds the names that somebody may have meant, for the ends of
// error messages.
package nearest
