// Package page writes docs/performance.md and its plots from the figures of the
// benchmark, and judges them by the project's goals.
package page
