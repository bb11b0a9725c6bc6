// Package libjpeg decodes JPEGs by libjpeg-turbo, where it was built in: with the
// build tag libjpegturbo, a C compiler, and the library with its headers (Debian:
// libjpeg62-turbo-dev). Without, [Available] is false and image/jpeg decodes.
//
// It decodes five times as fast, and to the very levels of Pillow, which uses the
// same library. It is not the default, because a second library in C that reads what
// strangers send is a choice, and because the module would not build without it.
//
// It takes what is in order: grey, YCbCr or RGB, without a warning. Everything else is
// refused, and left to image/jpeg, which decodes more and says what is wrong.
package libjpeg
