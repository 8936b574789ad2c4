package amisync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/ask"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// sync reads everything, builds a snapshot and stores it. Whatever fails, the snapshot before stays. Those who are served
// meanwhile are not to notice.
func (s *Service) sync(ctx context.Context, trigger string) (err error) {
	served := s.served()
	if served == nil || len(served.Phones()) < manyPhones {
		return s.syncNow(ctx, trigger)
	}
	lowly(func() { err = s.syncNow(ctx, trigger) })
	return err
}

func (s *Service) syncNow(ctx context.Context, trigger string) error {
	s.asker.Forget() // before it reads: what asked for it may have changed the answers too
	start := time.Now()
	var c *ami.Conn
	var down error
	if s.link != nil {
		c, down = s.link.conn()
	}
	if c != nil {
		s.readRights(ctx, c) // before what they are needed for
	}
	next, found, err := s.build(ctx, c, down)
	if err != nil {
		s.report.failed(trigger, err, s.served() != nil)
		if s.o.Failed != nil {
			s.o.Failed(trigger, time.Since(start), err)
		}
		return err
	}
	old := s.o.Store.Swap(next)
	s.report.back(next)
	s.report.synced(Sync{
		At: start, Trigger: trigger, Duration: time.Since(start),
		Counts: next.Counts(), Changes: provision.Compare(old, next),
	}, found)
	if s.o.Synced != nil {
		s.o.Synced(next.Counts())
	}
	if c != nil {
		s.readPeers(ctx, c)
	}
	return nil
}

// Once reads and builds as a sync does, without Run and without storing the snapshot. Asterisk is connected to for it.
func (s *Service) Once(ctx context.Context) (*provision.Snapshot, []provision.Diagnostic, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timing.Sync)
	defer cancel()
	if s.link == nil {
		return s.build(ctx, nil, nil)
	}
	attempt, cancel := context.WithTimeout(ctx, s.o.Timing.Connect)
	defer cancel()
	c, err := ami.Connect(attempt, s.link.target, nil)
	var missing []provision.Diagnostic
	if err == nil {
		defer c.Close()
		_, _ = c.AwaitBoot(ctx, ask.BootGrace) // no right to events, or it is booting: what it says is taken
		if a, failed := readAccount(ctx, c); failed == nil {
			for _, text := range a.missing() {
				missing = append(missing, provision.Diagnostic{Severity: provision.Warning, Message: text})
			}
		}
	}
	next, found, err := s.build(ctx, c, err)
	if err == nil && c != nil {
		s.readPeers(ctx, c)
	}
	for _, d := range missing {
		if err != nil { // it may be why
			err = fmt.Errorf("%w; %s", err, d.Message)
		}
	}
	return next, append(missing, found...), err
}

// build makes a snapshot, with the connection c or without one, and then down says why.
func (s *Service) build(ctx context.Context, c *ami.Conn, down error) (*provision.Snapshot, []provision.Diagnostic, error) {
	s.once.Lock()
	defer s.once.Unlock()
	in, lost, err := s.input(ctx, c, down)
	if err != nil {
		return nil, nil, err
	}
	if served := s.served(); served != nil {
		if again, found := served.UnlessChanged(in, time.Now()); again != nil {
			return again, withNobody(again, in, append(found, lost...)), nil
		}
	}
	next, found, err := provision.Build(ctx, in, time.Now())
	if err == nil {
		next, found, err = s.confirmed(ctx, c, down, &in, next, append(found, lost...))
	}
	if err != nil {
		return nil, found, err
	}
	return next, withNobody(next, in, found), nil
}

// input is what a snapshot is built from.
func (s *Service) input(ctx context.Context, c *ami.Conn, down error) (in provision.Input, lost []provision.Diagnostic, err error) {
	major, err := s.major(ctx, c)
	if err != nil {
		return in, nil, fmt.Errorf("read the version: %w", err)
	}
	config, err := s.config(ctx, c, down, major)
	if err != nil {
		return in, nil, err
	}
	s.outbound.Store(outboundEndpoint(config))
	if s.o.Read != nil {
		s.o.Read(config)
	}
	if err := s.vanished(config); err != nil {
		return in, nil, err
	}
	if s.asker != nil {
		s.asker.SetSelects(provision.Selects(config))
	}
	live, lost, err := s.live(ctx, c, down, config)
	if err != nil {
		return in, nil, err
	}
	in = provision.Input{Config: config, Major: major, Live: live, Interfaces: s.o.Interfaces, Zone: s.o.Zone}
	if s.link != nil {
		in.Ask = s.Ask
	}
	return in, lost, nil
}

// withNobody adds to the diagnostics of a snapshot that has no phone what its configuration lacks.
func withNobody(next *provision.Snapshot, in provision.Input, found []provision.Diagnostic) []provision.Diagnostic {
	if next.Counts().Phones > 0 {
		return found
	}
	d := provision.Diagnostic{Severity: provision.Warning}
	switch file := in.Config[profilesFile]; {
	case file == nil:
		d.Message = noPhone + "there is no " + profilesFile
	case len(file.Categories) == 0:
		d.Message = noPhone + profilesFile + " is empty"
	default:
		d.Message = noPhone + "users.conf has no section with autoprov = yes, a macaddress and a profile of " + profilesFile +
			", and pjsip.conf has no type = phoneprov that can be served"
	}
	return append(found, d)
}

// noPhone begins what is said where there is no phone.
const noPhone = "no phone is served: "

// served is the snapshot that is served; nil: there is none, or no store.
func (s *Service) served() *provision.Snapshot {
	if s.o.Store == nil {
		return nil
	}
	return s.o.Store.Load()
}

// vanished refuses a configuration without the one file that no phone can do without, where phones are served: its volume is
// gone rather than the wish for phones. GetConfig tells of both in the same words.
func (s *Service) vanished(config provision.Config) error {
	if served := s.served(); config[profilesFile] != nil || served == nil || served.Counts().Phones == 0 {
		return nil
	}
	return fmt.Errorf("read the configuration: %s is gone, and phones are served: to serve none any more, leave it empty", profilesFile)
}

// profilesFile is the first of provision.ConfigFiles.
const profilesFile = "phoneprov.conf"

func (s *Service) config(ctx context.Context, c *ami.Conn, down error, major int) (provision.Config, error) {
	if s.o.Source == SourceFiles {
		return s.loadFiles(ctx)
	}
	if c == nil {
		return nil, fmt.Errorf("read the configuration: %w", down)
	}
	config, err := readConfig(ctx, c, major, s.o.ConfigDir)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return config, nil
}

// live asks for the live endpoints. With SourceFiles an Asterisk that is down does not stop the files from being served:
// the endpoints are those of the last time, or for want of them the files', and a diagnostic says so.
func (s *Service) live(ctx context.Context, c *ami.Conn, down error, config provision.Config) (*provision.Live, []provision.Diagnostic, error) {
	if s.link == nil {
		return nil, nil, nil
	}
	names, err := provision.Endpoints(config), down
	if c != nil {
		var live *provision.Live
		var bare map[string]bool
		if live, bare, err = readLive(ctx, c, names); err == nil {
			return live, s.keep.fill(live, bare, config), nil
		}
	}
	err = fmt.Errorf("read the live endpoints: %w", err)
	if s.o.Source != SourceFiles {
		return nil, nil, err
	}
	if len(names) == 0 {
		return s.keep.last, nil, nil
	}
	return s.keep.last, []provision.Diagnostic{{Severity: provision.Warning, Message: err.Error()}}, nil
}

// loadFiles reads the files of the configuration from the directory, when they are steady.
func (s *Service) loadFiles(ctx context.Context) (provision.Config, error) {
	if _, err := os.ReadDir(s.o.ConfigDir); err != nil { // all files missing is one thing, no directory another
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	config, read, err := s.readSteady(ctx)
	if s.watched != nil {
		more, err := s.watched(read)
		s.report.watching(err)
		if more { // a change between reading and watching was not seen
			s.triggers.add("changed file")
		}
	}
	return config, err
}

// readFiles reads provision.ConfigFiles as they are now. Read are those that are broken too: their repair is waited for.
func (s *Service) readFiles() (config provision.Config, read []*astconf.File, err error) {
	config = provision.Config{}
	loader := astconf.Loader{Dir: s.o.ConfigDir}
	var broken []error
	for name := range config.Files() {
		file, err := loader.Load(name)
		read = append(read, file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil && spared[name] != "":
			config[name] = without(name, err)
		case name == provision.GlobalsFile:
			config[name] = onlyGlobals(file)
		case err != nil:
			broken = append(broken, err)
		default:
			config[name] = file
		}
	}
	return config, read, errors.Join(broken...)
}

// readPeers brings the list of peers up to date. It is not part of the snapshot: where it fails the old list stays.
func (s *Service) readPeers(ctx context.Context, c *ami.Conn) {
	s.peers.begin()
	peers, err := readPeers(ctx, c)
	s.tell(s.peers.replace(peers, err == nil, time.Now()))
	version := ""
	if err == nil {
		version, err = readVersion(ctx, c)
	}
	s.report.peersRead(version, err)
}

// major is the major version of Asterisk: on a connection it is asked for once, and without one it is that of the last; 0:
// not known.
func (s *Service) major(ctx context.Context, c *ami.Conn) (int, error) {
	if c == nil || c == s.version.of {
		return s.version.major, nil
	}
	text, err := readVersion(ctx, c)
	var refused *ami.ActionError
	if err != nil && !errors.As(err, &refused) {
		return 0, err
	}
	s.version.of, s.version.major = c, majorOf(text)
	return s.version.major, nil
}

// versionPattern finds the major version in "22.10.1~dfsg", "certified/20.7-cert2" and "GIT-23-0a1b2c3".
var versionPattern = regexp.MustCompile(`(?:^|[/-])([0-9]{1,4})(?:[.-]|$)`)

// majorOf is the major version in what Asterisk says of itself; 0: there is none.
func majorOf(version string) int {
	m := versionPattern.FindStringSubmatch(version)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // they are digits, and few
	return n
}

// readRights finds out once a connection what the account may not do.
func (s *Service) readRights(ctx context.Context, c *ami.Conn) {
	if c == s.rightsOf {
		return
	}
	a, err := readAccount(ctx, c)
	if err != nil {
		return // the connection is lost, which is said
	}
	s.rightsOf = c
	s.report.rights(a.missing())
}

// readVersion asks for Asterisk's version, "22.10.1".
func readVersion(ctx context.Context, c *ami.Conn) (string, error) {
	answer, err := c.Do(ctx, "CoreSettings", nil)
	return answer["AsteriskVersion"], err
}
