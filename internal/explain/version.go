package explain

import "runtime/debug"

// Version is that of this module in the running program; "devel" for one that was
// built from a working tree without a version.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
