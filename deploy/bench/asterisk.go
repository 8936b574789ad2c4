package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// The account of the benchmark's own Asterisk, which listens on loopback only.
const (
	amiUser   = "phoneprov"
	amiSecret = "bench-ami-secret"
)

// image of deploy/asterisk/Dockerfile: Asterisk 22.
const image = "phoneprov-asterisk:forky"

// label marks the containers of a run, with its id as the value. deploy/bench/run removes those that are left.
const label = "phoneprov-bench"

// asterisk is an Asterisk in a container that uses the host's own loopback, so that Docker's network is not measured.
type asterisk struct {
	server
	ami       string
	container string
}

// pbxTimeout bounds the boot of Asterisk with 100,000 users on a busy machine.
const pbxTimeout = 3 * time.Minute

// missing is the error for something that a row needs and this machine does not have.
type missing string

func (m missing) Error() string { return string(m) }

// docker runs the Docker client and returns its output.
func docker(ctx context.Context, args ...string) (string, error) {
	var complaint strings.Builder
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", missing("no docker")
	}
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// needImage builds the image of Asterisk if it does not exist.
func (b *bench) needImage(ctx context.Context) error {
	if _, err := docker(ctx, "version"); err != nil {
		return missing("no docker")
	}
	if _, err := docker(ctx, "image", "inspect", image); err == nil {
		return nil
	}
	_, err := docker(ctx, "build", "-q", "--build-arg", "SUITE=forky", "-t", image, filepath.Join(b.options.root, "deploy/asterisk"))
	return err
}

// startAsterisk starts an Asterisk with a copy of a configuration, and waits until it serves.
func (b *bench) startAsterisk(ctx context.Context, configDir string) (*asterisk, error) {
	if err := b.needImage(ctx); err != nil {
		return nil, err
	}
	a := &asterisk{server: server{name: "Asterisk"}}
	var err error
	if a.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if a.ami, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := writeAsterisk(configDir, b.options.root, a); err != nil {
		return nil, err
	}
	a.container, err = docker(ctx, "run", "-d", "--label", label+"="+b.options.id, "--network", "host",
		"-v", configDir+":/etc/asterisk", "-v", b.data+":/usr/share/asterisk/phoneprov:ro", image)
	if err != nil {
		return nil, err
	}
	b.atEnd(func() { _, _ = docker(context.WithoutCancel(ctx), "rm", "-f", a.container) })
	text, err := docker(ctx, "inspect", "-f", "{{.State.Pid}}", a.container)
	if err != nil {
		return nil, err
	}
	if a.pid, err = strconv.Atoi(text); err != nil {
		return nil, err
	}
	if err := a.awaitBoot(ctx); err != nil {
		return nil, err
	}
	return a, awaitOK(ctx, a.url(tree.File(0)))
}

func (a *asterisk) awaitBoot(ctx context.Context) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	err := eventually(waiting, pbxTimeout, 100*time.Millisecond, func() error {
		out, err := docker(ctx, "exec", a.container, "asterisk", "-rx", "core waitfullybooted")
		if err == nil && !strings.Contains(out, "fully booted") {
			err = errors.New("it is not booted")
		}
		if running, _ := docker(ctx, "inspect", "-f", "{{.State.Running}}", a.container); running != "true" {
			cancel()
		}
		return err
	})
	if err != nil {
		log, _ := docker(ctx, "logs", "--tail", "5", a.container)
		return fmt.Errorf("asterisk did not start: %w: %s", err, log)
	}
	// At boot, res_phoneprov creates its file names before the function modules are loaded. Actions that come too early
	// are queued, which an event reports.
	return eventually(ctx, pbxTimeout, time.Second, func() error {
		c, err := dialAMI(a)
		if err != nil {
			return err
		}
		defer c.close()
		_, _, err = c.reload("res_phoneprov.so")
		return err
	})
}

// slowModule reads the users file at boot too, in a time that grows with the square of the users: more than six minutes
// for 100,000 (measured). Phones' files do not need it.
const slowModule = "load = pbx_config.so\n"

// writeAsterisk writes what Asterisk needs besides the tree: the files of the sample, so that only its modules are
// loaded, listeners on loopback only, and no phones but the tree's.
func writeAsterisk(dir, root string, a *asterisk) error {
	names, err := filepath.Glob(filepath.Join(root, "deploy/sample/asterisk/*.conf"))
	if err != nil {
		return err
	}
	_, httpPort, _ := net.SplitHostPort(a.address)
	_, amiPort, _ := net.SplitHostPort(a.ami)
	own := map[string]string{
		"phoneprov.conf": "", // the tree has its own
		"users.conf":     "",
		"pjsip.conf":     "[general]\n", "pjsip_wizard.conf": "[general]\n",
		"extensions.conf": "[default]\n",
		"logger.conf":     "[general]\n[logfiles]\n",
		"http.conf":       "[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport=" + httpPort + "\nsessionlimit=500\n",
		"manager.conf": "[general]\nenabled=yes\nbindaddr=127.0.0.1\nport=" + amiPort + "\n[" + amiUser + "]\nsecret=" + amiSecret +
			"\nread=all\nwrite=all\n",
	}
	for _, path := range names {
		name := filepath.Base(path)
		text, ours := own[name]
		if ours && text == "" {
			continue
		}
		data := []byte(text)
		if !ours {
			if data, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		if name == "modules.conf" {
			data = bytes.ReplaceAll(data, []byte(slowModule), nil)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
