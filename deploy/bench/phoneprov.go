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

// syncTimeout is for a sync of 100,000 users under load.
const syncTimeout = 60 * time.Second

// phoneprov is one that runs, with the settings of its defaults: access policy, ETag, and the request log, which goes to
// a file.
type phoneprov struct {
	server
	cmd *exec.Cmd
	log *os.File // from where the next line of a sync is looked for
	r   *bufio.Reader

	state string    // its state.dir
	env   []string  // its settings
	ready time.Time // when it first served a file
}

// source says where a phoneprov has its configuration from.
type source struct {
	config string    // "files" or "ami"
	pbx    *asterisk // nil: none
}

// startPhoneprov starts one and waits until it serves.
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
	config := filepath.Join(b.dir, "phoneprov.ini") // empty: nothing of this machine's is read
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

// resync changes every user of the site, of which a phoneprov then reads everything again, and returns how long that took it.
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

// synced waits for the next line of the log that tells of a sync with so many changed phones, and returns the time that it
// says. There are others, without any: of the same change phoneprov also hears by the directory.
func (p *phoneprov) synced(ctx context.Context, changed int) (took time.Duration, err error) {
	var rest []byte // of a line that is being written
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

// syncLine reads the duration and the changed phones of a line that tells of a sync.
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
