package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// What phoneprov takes of memory, in bytes, as measured in containers of Docker (deploy/doc/MEMORY.md).
const (
	// memoryAtLeast is what it takes with a few phones.
	memoryAtLeast = 16 << 20
	// memoryOfPhone is what a phone with a section of nine options adds while it is read anew: its configuration, the snapshot that
	// is served, and the next one.
	memoryOfPhone = 1_300
	// memoryOfConfig is the same by the bytes of the configuration, of which such a phone has 167.
	memoryOfConfig = 8
	// memoryReserve is the part of a limit, and memoryReserveAtLeast the bytes, that are left to the kernel: sockets, page tables, the
	// program itself.
	memoryReserve        = 8
	memoryReserveAtLeast = 4 << 20
	// memoryKept is the part of the rest that rendered files are kept in.
	memoryKept = 8
)

// memory is how much there may be.
type memory struct {
	limit int64  // bytes; 0: no limit is known
	by    string // who sets it
	most  int64  // bytes that the runtime may take; 0: all
}

// newMemory asks the environment, whose GOMEMLIMIT wins, and the cgroup.
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

// phones is for how many there is room.
func (m memory) phones() int64 { return max(0, m.limit-memoryAtLeast) / memoryOfPhone }

// room is what rendered files may take, in bytes; 0: as much as they like.
func (m memory) room() int64 { return m.most / memoryKept }

// report says at start what fits, and what of Asterisk's configuration does not, as far as it is in files here.
func (m memory) report(log zerolog.Logger, configDir string) {
	if m.limit == 0 {
		return
	}
	log.Info().Str("limit", inMB(m.limit)).Str("by", m.by).Int64("phones", m.phones()).Msg("memory is limited: there is room for about so many phones")
	var size int64
	for _, name := range provision.ConfigFiles {
		if info, err := os.Stat(filepath.Join(configDir, name)); err == nil && info.Mode().IsRegular() && name != provision.GlobalsFile {
			size += info.Size()
		}
	}
	m.warn(log, memoryAtLeast+memoryOfConfig*size, "files of "+configDir)
}

// synced is told how many phones there are.
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

// inMB writes a number of bytes for people.
func inMB(n int64) string { return strconv.FormatInt((n+(1<<20)-1)>>20, 10) + " MB" }
