// Package tools is a module of its own, so that the tools of this project are
// pinned without being dependencies of it. golangci-lint is named in go.mod;
// what is written here runs with go run -C tools.
package tools
