// Package dialogue talks with a process that answers lines of JSON: the Python
// sides of measurements and checks.
package dialogue
