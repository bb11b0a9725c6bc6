// Package libtorch finds the libtorch that this module is compiled against, or
// installs one, and writes down the compiler flags for it. It is pure Go and
// runs before anything that needs cgo can be built.
//
// One [Finder] goes through the places a libtorch may come from, cheapest
// first, and stops at the first that serves:
//
//  1. $LIBTORCH, which is believed or refused but never passed over
//  2. the one this clone was last set up with
//  3. the cache of an earlier installation
//  4. an installed Python torch of the same major and minor version
//  5. /usr/local/libtorch and /opt/libtorch, likewise
//  6. the CPU build that pytorch.org publishes, by URL and checksum
//  7. the torch wheel of PyPI, by pip and checksum
//  8. Debian's libtorch-dev, old, with a warning
//
// What is downloaded is unpacked beside the cache under a temporary name and
// renamed when it is complete, under a lock: an interrupted or concurrent run
// never leaves half an installation behind.
package libtorch
