package main

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// noLimit is the value from which on a limit of cgroups version 1 means none. It is near 2^63 there.
const noLimit = 1 << 60

// cgroupLimit returns the lowest memory limit, in bytes, of the cgroups that this process is in, of version 1 or 2; 0
// if there is none. root is the file system.
func cgroupLimit(root fs.FS) int64 {
	least := int64(0)
	mounts, _ := fs.ReadFile(root, "proc/self/mountinfo")
	groups, _ := fs.ReadFile(root, "proc/self/cgroup")
	for _, m := range cgroupMounts(mounts) {
		dir := path.Join(m.point, m.below(memoryGroup(groups, m.version)))
		for ; ; dir = path.Dir(dir) { // a limit holds for all groups below
			if limit := readLimit(root, path.Join(dir, m.file())); limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
			if len(dir) <= len(m.point) {
				break
			}
		}
	}
	return least
}

func readLimit(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, strings.TrimPrefix(name, "/"))
	if err != nil {
		return 0
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // version 2 has "max" for no limit
	if err != nil || limit >= noLimit {
		return 0
	}
	return limit
}

// cgroupMount is a mount of cgroups with memory limits.
type cgroupMount struct {
	version     int
	root, point string // the part of the hierarchy that is mounted, and where
}

func (m cgroupMount) file() string {
	if m.version == 1 {
		return "memory.limit_in_bytes"
	}
	return "memory.max"
}

// below returns a group's path under the mount, without its slash. In a container, only the group itself may be
// mounted, or its path may be that of another namespace: then it is the mount itself.
func (m cgroupMount) below(group string) string {
	rest, ok := strings.CutPrefix(group, strings.TrimSuffix(m.root, "/"))
	if !ok || rest != "" && rest[0] != '/' || strings.Contains(rest, "..") {
		return ""
	}
	return rest
}

// cgroupMounts parses /proc/self/mountinfo (proc(5)).
func cgroupMounts(mountinfo []byte) (mounts []cgroupMount) {
	for scan := bufio.NewScanner(bytes.NewReader(mountinfo)); scan.Scan(); {
		before, after, _ := strings.Cut(scan.Text(), " - ")
		own, kind := strings.Fields(before), strings.Fields(after)
		if len(own) < 5 || len(kind) < 3 {
			continue
		}
		switch {
		case kind[0] == "cgroup2":
			mounts = append(mounts, cgroupMount{2, own[3], own[4]})
		case kind[0] == "cgroup" && slices.Contains(strings.Split(kind[2], ","), "memory"):
			mounts = append(mounts, cgroupMount{1, own[3], own[4]})
		}
	}
	return mounts
}

// memoryGroup returns the path of the process's group in /proc/self/cgroup (cgroups(7)).
func memoryGroup(groups []byte, version int) string {
	for scan := bufio.NewScanner(bytes.NewReader(groups)); scan.Scan(); {
		parts := strings.SplitN(scan.Text(), ":", 3)
		if len(parts) < 3 {
			continue
		}
		if version == 2 && parts[0] == "0" || version == 1 && slices.Contains(strings.Split(parts[1], ","), "memory") {
			return parts[2]
		}
	}
	return "/"
}
