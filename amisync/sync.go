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
	"github.com/phoneprov/phoneprov/provision/background"
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// manyPhones is the number of phones from which a sync takes long enough to be noticed: 40 ms.
const manyPhones = 10_000

// sync reads everything, builds a snapshot and stores it. If anything fails, the last snapshot stays. With many phones
// it runs at low priority, so that requests are not delayed.
func (s *Service) sync(ctx context.Context, trigger string) (err error) {
	if s.o.Ended != nil {
		defer func() { s.o.Ended(trigger) }()
	}
	served := s.served()
	if served == nil || len(served.Phones()) < manyPhones {
		return s.syncNow(ctx, trigger)
	}
	background.AtLowPriority(func() { err = s.syncNow(ctx, trigger) })
	return err
}

func (s *Service) syncNow(ctx context.Context, trigger string) error {
	s.asker.Forget() // before anything is read, because what triggered the sync may have changed the answers too
	start := time.Now()
	var c *ami.Conn
	var down error
	if s.link != nil {
		c, down = s.link.conn()
	}
	if c != nil {
		s.readRights(ctx, c) // before the actions that need the rights
	}
	if err := s.awaitKept(ctx); err != nil {
		return s.failed(trigger, start, err)
	}
	b, err := s.build(ctx, c, down)
	if err != nil {
		s.offer(s.restored.snap)
		return s.failed(trigger, start, err)
	}
	if err = s.apply(trigger, start, b); err == nil {
		s.save(b)
	}
	if c != nil && s.readPeers(ctx, c) && s.o.PeersRead != nil {
		s.o.PeersRead()
	}
	return err
}

// failed notes why a sync changes nothing, and returns it.
func (s *Service) failed(trigger string, start time.Time, err error) error {
	s.report.failed(trigger, err, s.served() != nil)
	if s.o.Failed != nil {
		s.o.Failed(trigger, time.Since(start), err)
	}
	return err
}

// apply serves a built snapshot, unless it is held.
func (s *Service) apply(trigger string, start time.Time, b *built) error {
	base := s.base()
	if held, news := s.guard.check(trigger, base, b.next); held != nil {
		s.offer(s.restored.snap)
		s.report.held(*held, news)
		if news && s.o.Failed != nil {
			s.o.Failed(trigger, time.Since(start), fmt.Errorf("%w: %s", ErrHeld, held.Reason))
		}
		return ErrHeld
	}
	s.publish(b.next.Counts(), func() bool {
		s.o.Store.Swap(b.next)
		s.report.back(b.next)
		s.report.synced(Sync{
			At: start, Trigger: trigger, Duration: time.Since(start),
			Counts: b.next.Counts(), Changes: provision.Compare(base, b.next),
		}, b.found, s.guard.applied())
		return true
	})
	s.restored.snap = nil // frees its memory
	return nil
}

// Once connects, reads and builds as a sync does. It needs no Run, and does not store the snapshot.
func (s *Service) Once(ctx context.Context) (*provision.Snapshot, []provision.Diagnostic, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timing.Sync)
	defer cancel()
	if s.link == nil {
		b, err := s.build(ctx, nil, nil)
		return b.next, b.found, err
	}
	attempt, cancel := context.WithTimeout(ctx, s.o.Timing.Connect)
	defer cancel()
	c, err := ami.Connect(attempt, s.link.target, nil)
	var missing []provision.Diagnostic
	if err == nil {
		defer c.Close()
		_, _ = c.AwaitBoot(ctx, ask.BootGrace) // without FullyBooted, Asterisk is taken at its word
		if a, failed := readAccount(ctx, c); failed == nil {
			for _, text := range a.missing() {
				missing = append(missing, provision.Diagnostic{Severity: provision.Warning, Message: text})
			}
		}
	}
	b, err := s.build(ctx, c, err)
	if err == nil && c != nil {
		s.readPeers(ctx, c)
	}
	for _, d := range missing {
		if err != nil { // the missing right may be the reason
			err = fmt.Errorf("%w; %s", err, d.Message)
		}
	}
	return b.next, append(missing, b.found...), err
}

// built is a snapshot with its diagnostics and its input.
type built struct {
	next  *provision.Snapshot
	found []provision.Diagnostic
	in    provision.Input
	heard *lastgood.Heard // inputs that Build asked for; nil: nothing was built, because nothing changed
}

// build builds a snapshot with the connection c. If c is nil, there is no connection, and down says why. The result is
// never nil.
func (s *Service) build(ctx context.Context, c *ami.Conn, down error) (*built, error) {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	in, lost, err := s.input(ctx, c, down)
	if err != nil {
		return new(built), err
	}
	if base := s.base(); base != nil {
		if again, found := unlessChanged(base, in); again != nil {
			return &built{next: again, in: in, found: withNobody(again, in, append(found, lost...))}, nil
		}
	}
	b, err := buildOf(ctx, in, lost)
	if err == nil {
		b, err = s.confirmed(ctx, c, down, b)
	}
	if err != nil {
		return &built{found: b.found}, err
	}
	b.found = withNobody(b.next, b.in, b.found)
	return b, nil
}

// unlessChanged is Snapshot.UnlessChanged in a turn of the background.
func unlessChanged(base *provision.Snapshot, in provision.Input) (again *provision.Snapshot, found []provision.Diagnostic) {
	background.Turn(func() { again, found = base.UnlessChanged(in, time.Now()) })
	return again, found
}

// buildOf builds a snapshot and records what Build asks for. The result is never nil.
func buildOf(ctx context.Context, in provision.Input, lost []provision.Diagnostic) (*built, error) {
	b := &built{in: in}
	var listening provision.Input
	var err error
	listening, b.heard = lastgood.Listen(in)
	background.Turn(func() { b.next, b.found, err = provision.Build(ctx, listening, time.Now()) })
	b.found = append(b.found, lost...)
	return b, err
}

// input reads what a snapshot is built from.
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
	in = provision.Input{PBX: s.o.PBX, Config: config, Major: major, Live: live, Interfaces: s.o.Interfaces, Zone: s.o.Zone}
	if s.link != nil {
		in.Ask = s.Ask
	}
	return in, lost, nil
}

// withNobody adds a diagnostic if the snapshot has no phone: what the configuration lacks.
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

// noPhone begins the diagnostic of withNobody.
const noPhone = "no phone is served: "

// served returns the snapshot that is served; nil if there is none, or no store.
func (s *Service) served() *provision.Snapshot {
	if s.o.Store == nil {
		return nil
	}
	return s.o.Store.Load()
}

// vanished refuses a configuration without phoneprov.conf while phones are served. Nobody wants that: a volume is not
// mounted. GetConfig says the same in both cases.
func (s *Service) vanished(config provision.Config) error {
	if base := s.base(); config[profilesFile] != nil || base == nil || base.Counts().Phones == 0 {
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

// live reads the live endpoints. With SourceFiles the files are served although Asterisk is down: with the endpoints of
// the last time, or else those in the files, and a diagnostic says so.
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

// loadFiles reads the files of the configuration, when they are steady.
func (s *Service) loadFiles(ctx context.Context) (provision.Config, error) {
	if _, err := os.ReadDir(s.o.ConfigDir); err != nil { // a missing directory is an error, missing files are not
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	config, read, err := s.readSteady(ctx)
	if s.watched != nil {
		more, err := s.watched(read)
		s.report.watching(err)
		if more { // a change after reading and before watching was not seen
			s.triggers.add("changed file")
		}
	}
	return config, err
}

// readFiles reads provision.ConfigFiles as they are now. read has the broken files too, so that their repair is
// noticed.
func (s *Service) readFiles() (config provision.Config, read []*astconf.File, err error) {
	config = provision.Config{}
	loader := astconf.Loader{Dir: s.o.ConfigDir}
	var broken []error
	for name := range config.Files() {
		file, err := loader.Load(name)
		read = append(read, file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil && optionalFiles[name] != "":
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

// readPeers reads the list of peers, and reports whether it is the first one. The list is not a part of the snapshot: if
// it cannot be read, the old one stays.
func (s *Service) readPeers(ctx context.Context, c *ami.Conn) (first bool) {
	s.peers.begin()
	peers, err := readPeers(ctx, c)
	changed, first := s.peers.replace(peers, err == nil, time.Now())
	s.tell(changed)
	s.report.peersRead(err)
	return first
}

// major returns the major version of Asterisk; 0 if it is unknown. A connection is asked once. Without a connection it
// is that of the last one.
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
	s.report.version(text)
	return s.version.major, nil
}

// versionPattern finds the major version in "22.10.1~dfsg", "certified/20.7-cert2" and "GIT-23-0a1b2c3".
var versionPattern = regexp.MustCompile(`(?:^|[/-])([0-9]{1,4})(?:[.-]|$)`)

// majorOf returns the major version in Asterisk's version; 0 if there is none.
func majorOf(version string) int {
	m := versionPattern.FindStringSubmatch(version)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // at most four digits
	return n
}

// readRights finds out, once per connection, what the account may not do.
func (s *Service) readRights(ctx context.Context, c *ami.Conn) {
	if c == s.rightsOf {
		return
	}
	a, err := readAccount(ctx, c)
	if err != nil {
		return // the connection was lost, and the link reports that
	}
	s.rightsOf = c
	s.report.rights(a.missing())
}

// readVersion asks for Asterisk's version: "22.10.1".
func readVersion(ctx context.Context, c *ami.Conn) (string, error) {
	answer, err := c.Do(ctx, "CoreSettings", nil)
	return answer["AsteriskVersion"], err
}
