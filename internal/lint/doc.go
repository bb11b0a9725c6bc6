// Package lint checks what the project's own rules ask and no general linter
// knows: where C may be called, that Go objects outlive the calls that use them,
// that a file holds one concept and that every package says what belongs in it.
//
// Command torchlint runs the checks; make lint runs the command.
package lint
