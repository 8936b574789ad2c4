package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// syncTimeout bounds a sync of 100,000 users under load.
const syncTimeout = 60 * time.Second

// phoneprov is a phoneprov that runs with default settings: access policy, ETag, and a request log to a file.
type phoneprov struct {
	server
	cmd *exec.Cmd
	log *os.File // read up to the last sync that was seen
	r   *bufio.Reader

	state string    // its state.dir
	env   []string  // its settings
	ready time.Time // when it first served a file
}

// source says where a phoneprov reads its configuration.
type source struct {
	config string    // "files" or "ami"
	pbx    *asterisk // nil: none
}

// startPhoneprov starts a phoneprov, and waits until it serves.
func (b *bench) startPhoneprov(ctx context.Context, configDir string, from source) (*phoneprov, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp(b.dir, "state-")
	if err != nil {
		return nil, err
	}
	ami := ""
	if from.pbx != nil {
		ami = from.pbx.ami
	}
	env := []string{
		"PHONEPROV_ASTERISK_CONFIG=" + from.config,
		"PHONEPROV_ASTERISK_CONFIG_DIR=" + configDir,
		"PHONEPROV_ASTERISK_DATA_DIR=" + b.data,
		"PHONEPROV_AMI_ADDRESS=" + ami,
		"PHONEPROV_AMI_USERNAME=" + amiUser,
		"PHONEPROV_AMI_SECRET=" + amiSecret,
		"PHONEPROV_HTTP_LISTEN=" + address,
		"PHONEPROV_ADMIN_LISTEN=",
		"PHONEPROV_STATE_DIR=" + state,
		profileEnv + "=" + b.options.profile,
	}
	config := filepath.Join(b.dir, "phoneprov.ini") // empty, so that no settings of this machine are read
	cmd, logFile, err := b.start("phoneprov", env, b.options.phoneprov, "serve", "-config", config)
	if err != nil {
		return nil, err
	}
	p := &phoneprov{server: server{"phoneprov", address, cmd.Process.Pid}, cmd: cmd, state: state, env: env}
	if p.log, err = os.Open(logFile); err != nil {
		return nil, err
	}
	b.atEnd(func() { _ = p.log.Close() })
	p.r = bufio.NewReaderSize(p.log, 1<<20)
	if err := awaitOK(ctx, p.url(tree.File(0))); err != nil {
		return nil, fmt.Errorf("phoneprov did not start: %w: see %s", err, logFile)
	}
	p.ready = time.Now()
	b.profile(p)
	_, err = p.synced(ctx, 0)
	return p, err
}

// resync changes every user of the site, and returns how long phoneprov takes to read everything again.
func (p *phoneprov) resync(ctx context.Context, s *site) (time.Duration, error) {
	if err := s.change(); err != nil {
		return 0, err
	}
	if _, err := p.log.Seek(0, io.SeekEnd); err != nil {
		return 0, err
	}
	p.r.Reset(p.log)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		return 0, err
	}
	return p.synced(ctx, s.phones)
}

// synced waits for the log line of a sync with that many changed phones, and returns the duration in the line. Syncs
// without changes are skipped: phoneprov notices the same change by the directory too.
func (p *phoneprov) synced(ctx context.Context, changed int) (took time.Duration, err error) {
	var rest []byte // the beginning of a line that is being written
	err = eventually(ctx, syncTimeout, time.Millisecond, func() error {
		for {
			line, err := p.r.ReadBytes('\n')
			if rest = append(rest, line...); err != nil {
				return errors.New("no sync in the log")
			}
			if t, n, ok := syncLine(rest); ok && n == changed {
				took = t
				return nil
			}
			rest = rest[:0]
		}
	})
	return took, err
}

// syncLine parses the duration and the changed phones in the log line of a sync.
func syncLine(line []byte) (took time.Duration, changed int, ok bool) {
	if !bytes.Contains(line, []byte(`"message":"synced"`)) {
		return 0, 0, false
	}
	var fields struct {
		Milliseconds float64 `json:"duration_ms"`
		Changed      int
	}
	err := json.Unmarshal(line, &fields)
	return time.Duration(fields.Milliseconds * float64(time.Millisecond)), fields.Changed, err == nil
}
