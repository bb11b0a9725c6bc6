package torch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAvailable(t *testing.T) {
	const meminfo = "MemTotal:  8000000 kB\nMemFree:  1000 kB\nMemAvailable:  4000 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"a system that says nothing": {nil, 0},
		"no groups":                  {map[string]string{"proc/meminfo": meminfo}, 4096000},
		"group without a limit": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "9\n",
		}, 4096000},
		"a limit, files of the cache not counted": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/app\n", "sys/fs/cgroup/app/memory.max": "1000000\n",
			"sys/fs/cgroup/app/memory.current": "600000\n", "sys/fs/cgroup/app/memory.stat": "anon 1\ninactive_file 50000\n",
		}, 450000},
		"the limit of an outer group": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/pod/app\n", "sys/fs/cgroup/pod/app/memory.max": "max\n",
			"sys/fs/cgroup/pod/memory.max": "300000\n", "sys/fs/cgroup/pod/memory.current": "100000\n",
		}, 200000},
		"nothing left": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "300000\n", "sys/fs/cgroup/memory.current": "400000\n",
		}, 1},
		"the older kind of groups, in a container": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "5:devices:/\n4:memory:/pod/app\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "500000\n",
		}, 1500000},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for file, content := range c.files {
				file = filepath.Join(root, file)
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
			}
			assert.Equal(t, c.want, availableIn(root))
		})
	}
}
