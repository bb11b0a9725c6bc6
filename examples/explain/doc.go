// Command explain shows where the sample network looked in one photo: the smallest
// whole program on top of the packages, without flags.
//
//	go run ./examples/explain                                  the sample model and photo
//	go run ./examples/explain MODEL.pt PHOTO OVERLAY.png       your own
//
// It prints the class and writes the overlay. What `torchlight explain` adds is in
// docs/command.md.
package main
