// Package atomicfile replaces a file as a whole or leaves it alone: whoever
// looks at the path sees the old content or the new, never half a file, also
// after a full disk, a crash of the process or a cut of the power.
//
// Every result that the project leaves on disk goes through [Write].
package atomicfile
