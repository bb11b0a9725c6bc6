package torch

import (
	"os"
	"path"
	"strconv"
	"strings"
)

// available is the memory that this process can still take, in bytes: that of the
// machine, or of its control group where that has less; 0 where the system does not
// say.
func available() int64 { return availableIn("/") }

// availableIn reads the files under a root, so that tests can write their own.
func availableIn(root string) int64 {
	room := field(path.Join(root, "proc/meminfo"), "MemAvailable:") << 10
	for line := range strings.Lines(text(path.Join(root, "proc/self/cgroup"))) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		folder, limit, usage := "sys/fs/cgroup", "memory.max", "memory.current"
		if parts[0] != "0" {
			if !strings.Contains(","+parts[1]+",", ",memory,") {
				continue
			}
			folder, limit, usage = "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
		}
		// A group has no more than any group around it. In a container the folder of
		// its own group is the top one.
		for group := path.Join("/", parts[2]); ; group = path.Dir(group) {
			at := path.Join(root, folder, group)
			if most := number(path.Join(at, limit)); most > 0 {
				// The system drops files that it keeps when memory is asked for.
				left := most - number(path.Join(at, usage)) + field(path.Join(at, "memory.stat"), "inactive_file")
				if room == 0 || left < room {
					room = max(left, 1)
				}
			}
			if group == "/" {
				break
			}
		}
	}
	return room
}

func text(name string) string {
	raw, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(raw)
}

// number is the number that a file holds, 0 for "max" and for no file.
func number(name string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(text(name)), 10, 64)
	return n
}

// field is the number behind a name.
func field(name, key string) int64 {
	for line := range strings.Lines(text(name)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == key {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			return n
		}
	}
	return 0
}
