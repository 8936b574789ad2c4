package main

import (
	"testing"
	"testing/fstest"
)

func TestCgroupLimit(t *testing.T) {
	const (
		v2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
		v1 = "33 32 0:29 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory\n" +
			"34 32 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
		container1 = "700 699 0:29 /docker/31f8 /sys/fs/cgroup/memory ro,nosuid - cgroup memory rw,memory\n"
		both       = v1 + "35 32 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	)
	for _, tt := range []struct {
		name, mounts, groups string
		files                map[string]string
		want                 int64
	}{
		{"version 2 in a container", v2, "0::/\n", map[string]string{"sys/fs/cgroup/memory.max": "67108864\n"}, 64 << 20},
		{"version 2, a service of systemd", v2, "0::/system.slice/phoneprov.service\n", map[string]string{
			"sys/fs/cgroup/system.slice/phoneprov.service/memory.max": "max\n", "sys/fs/cgroup/system.slice/memory.max": "1073741824\n"}, 1 << 30},
		{"version 2, the least counts", v2, "0::/a/b\n", map[string]string{
			"sys/fs/cgroup/a/b/memory.max": "209715200\n", "sys/fs/cgroup/a/memory.max": "104857600\n"}, 100 << 20},
		{"version 2 without limit", v2, "0::/\n", map[string]string{"sys/fs/cgroup/memory.max": "max\n"}, 0},
		{"version 2, another namespace's path", v2, "0::/../../x\n", map[string]string{"sys/fs/cgroup/memory.max": "33554432\n"}, 32 << 20},
		{"version 1 in a container", container1, "4:memory:/docker/31f8\n3:cpu,cpuacct:/docker/31f8\n",
			map[string]string{"sys/fs/cgroup/memory/memory.limit_in_bytes": "67108864\n"}, 64 << 20},
		{"version 1 in a container with a namespace", v1, "4:memory:/\n", map[string]string{"sys/fs/cgroup/memory/memory.limit_in_bytes": "67108864\n"}, 64 << 20},
		{"version 1, a group of the host", v1, "4:memory:/a\n", map[string]string{
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "67108864\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 64 << 20},
		{"version 1 without limit", v1, "4:memory:/\n", map[string]string{"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0},
		{"both, with the memory in version 1", both, "4:memory:/\n0::/\n", map[string]string{"sys/fs/cgroup/memory/memory.limit_in_bytes": "67108864\n"}, 64 << 20},
		{"no cgroups", "", "", nil, 0},
		{"nonsense", "x\n", "x\n", map[string]string{"sys/fs/cgroup/memory.max": "x"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := fstest.MapFS{
				"proc/self/mountinfo": {Data: []byte("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + tt.mounts)},
				"proc/self/cgroup":    {Data: []byte(tt.groups)},
			}
			for name, text := range tt.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := cgroupLimit(root); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
