// Package superpixel cuts images into small connected pieces of similar colour,
// which explanations switch on and off together.
package superpixel
