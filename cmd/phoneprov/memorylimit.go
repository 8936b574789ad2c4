package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// Memory of phoneprov, in bytes, as measured in Docker containers (deploy/doc/MEMORY.md).
const (
	// memoryAtLeast is the memory with a few phones.
	memoryAtLeast = 16 << 20
	// memoryOfPhone is what a phone with a section of nine options and one file adds while it is read again: its
	// configuration, the snapshot that is served, the next snapshot, and what the ledger has of it and writes.
	memoryOfPhone = 3_000
	// memoryOfConfig is the same per byte of the configuration. Such a phone has 167 bytes of it.
	memoryOfConfig = 18
	// memoryReserve is the fraction of a limit, and memoryReserveAtLeast the bytes, that are left to the kernel: for
	// sockets, page tables and the program itself.
	memoryReserve        = 8
	memoryReserveAtLeast = 4 << 20
	// memoryKept is the fraction of the rest that rendered files may take.
	memoryKept = 8
)

// memory is the limit of the memory.
type memory struct {
	limit int64  // bytes; 0: no limit is known
	by    string // what sets the limit
	most  int64  // bytes that the Go runtime may take; 0: all
}

// newMemory takes the limit from GOMEMLIMIT, or else from the cgroup.
func newMemory(getenv lookupEnv) memory {
	if value, _ := getenv("GOMEMLIMIT"); value != "" {
		if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
			return memory{limit, "GOMEMLIMIT", limit}
		}
		return memory{}
	}
	limit := cgroupLimit(os.DirFS("/"))
	if limit == 0 {
		return memory{}
	}
	return memory{limit, "the cgroup", limit - max(limit/memoryReserve, memoryReserveAtLeast)}
}

// phones returns how many phones fit.
func (m memory) phones() int64 { return max(0, m.limit-memoryAtLeast) / memoryOfPhone }

// room returns the bytes that rendered files may take; 0: unbounded.
func (m memory) room() int64 { return m.most / memoryKept }

// report logs at the start what fits, and whether Asterisk's configuration does not, if its files are readable here.
func (m memory) report(log zerolog.Logger, configDirs ...string) {
	if m.limit == 0 {
		return
	}
	log.Info().Str("limit", inMB(m.limit)).Str("by", m.by).Int64("phones", m.phones()).Msg("memory is limited: there is room for about so many phones")
	var size int64
	for _, dir := range configDirs {
		for _, name := range provision.ConfigFiles {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() && name != provision.GlobalsFile {
				size += info.Size()
			}
		}
	}
	m.warn(log, memoryAtLeast+memoryOfConfig*size, "files of "+strings.Join(configDirs, ", "))
}

// synced is called with the number of phones.
func (m memory) synced(log zerolog.Logger, c provision.Counts) {
	if m.limit > 0 {
		m.warn(log, memoryAtLeast+memoryOfPhone*int64(c.Phones), "phones")
	}
}

func (m memory) warn(log zerolog.Logger, need int64, what string) {
	if need > m.limit {
		log.Error().Str("limit", inMB(m.limit)).Str("by", m.by).Str("need", inMB(need)).
			Msgf("the memory is too small for the %s: a reload may end the process; give it what it needs", what)
	}
}

// inMB returns a number of bytes for people.
func inMB(n int64) string { return strconv.FormatInt((n+(1<<20)-1)>>20, 10) + " MB" }
