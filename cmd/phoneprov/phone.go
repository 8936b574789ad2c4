package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/ledger"
	"github.com/phoneprov/phoneprov/provision/phoneconf"
)

// phoneFlags are the flags of phone.
type phoneFlags struct {
	mac, name, extension, profile string
	line                          int
	provider, file, context       string
	existing, dryRun, json        bool
}

// phoneCommand is one run of `phoneprov phone`.
type phoneCommand struct {
	*call
	phoneFlags
	out       errWriter
	settings  *settings
	tree      *phoneconf.Tree
	have      *phoneconf.Existing
	strangers map[string]ledger.Stranger // of the running service, by MAC; nil: not asked yet
}

func setupPhone(cl *call) func(context.Context) error {
	config := configFlag(cl)
	configDir := cl.flags.String("config-dir", "", "Asterisk's configuration `directory` (default: asterisk.config_dir of the settings)")
	pbxName := pbxFlag(cl)
	var f phoneFlags
	cl.flags.StringVar(&f.mac, "mac", "", "with add: the phone's `MAC`, in any spelling")
	cl.flags.StringVar(&f.name, "name", "", "with add: the display `name`")
	cl.flags.StringVar(&f.extension, "extension", "", "with add: the `extension`, which is the SIP user too")
	cl.flags.StringVar(&f.profile, "profile", "", "with add and import: the `profile` (default: by the MAC, and by what the phone said when it asked the running service for a file)")
	cl.flags.IntVar(&f.line, "line", 1, "with add: the `number` of the line, for phones with several")
	cl.flags.StringVar(&f.provider, "provider", "", "with add and import: users (users.conf) or pjsip (pjsip_wizard.conf) (default: that of the phones that are there; with none, or both, pjsip)")
	cl.flags.StringVar(&f.file, "file", "", "with add and import: the `file` to write to, where phones stand in several")
	cl.flags.StringVar(&f.context, "context", "", "with add and import: the `context` for calls from the phone (default: that of the other phones)")
	cl.flags.BoolVar(&f.existing, "existing", false, "with add and import: the endpoints exist, add only the phones")
	cl.flags.BoolVar(&f.dryRun, "dry-run", false, "write nothing; print the sections that would be written, or removed")
	cl.flags.BoolVar(&f.json, "json", false, "with list: print JSON")
	return func(ctx context.Context) error {
		verb, args := "", []string(nil)
		if len(cl.args) > 0 {
			verb, args = cl.args[0], cl.args[1:]
		}
		c := phoneCommand{call: cl, phoneFlags: f, out: errWriter{w: cl.stdout}}
		work := c.verb(verb, args)
		if work == nil {
			fmt.Fprintln(cl.stderr, "phoneprov phone: want add -mac MAC -name NAME -extension NUMBER, remove MAC|EXTENSION, list, or import FILE.csv")
			return errUsage
		}
		var err error
		if c.settings, err = cl.settings(*config); err != nil {
			return err
		}
		if c.settings, err = c.settings.only(*pbxName); err != nil {
			return err
		}
		if c.tree, err = phoneconf.Open(cmp.Or(*configDir, c.settings.configDir, noConfigDir)); err != nil {
			return fmt.Errorf("%w (asterisk.config_dir of the settings, or -config-dir)", err)
		}
		if c.have, err = c.tree.Existing(); err != nil {
			return asRoot(err)
		}
		return cmp.Or(work(ctx), c.out.err)
	}
}

// verb returns the function of a verb with its arguments; nil if they are wrong.
func (c *phoneCommand) verb(verb string, args []string) func(context.Context) error {
	switch {
	case verb == "add" && len(args) == 0 && c.mac != "" && c.name != "" && c.extension != "":
		return c.add
	case verb == "remove" && len(args) == 1:
		return func(context.Context) error { return c.remove(args[0]) }
	case verb == "list" && len(args) == 0:
		return func(context.Context) error { return c.list() }
	case verb == "import" && len(args) == 1:
		return func(ctx context.Context) error { return c.importCSV(ctx, args[0]) }
	}
	return nil
}

// options returns the options of the flags.
func (c *phoneCommand) options() (phoneconf.Options, error) {
	o := phoneconf.Options{File: c.file, Context: c.context, Existing: c.existing}
	switch c.provider {
	case "":
	case "users":
		o.Provider = provision.UsersProvider
	case "pjsip":
		o.Provider = provision.PJSIPProvider
	default:
		return o, fmt.Errorf("-provider %q: want users or pjsip", c.provider)
	}
	return o, nil
}

func (c *phoneCommand) add(ctx context.Context) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	p, err := c.phone(ctx, phoneconf.Row{MAC: c.mac, Name: c.name, Extension: c.extension, Profile: c.profile, Number: strconv.Itoa(c.line)})
	if err != nil {
		return err
	}
	var why error
	result, err := c.have.Add([]phoneconf.Phone{p}, o, func(_ int, err error) { why = err })
	if err != nil {
		return cmp.Or(why, err)
	}
	return c.finish(result, []phoneconf.Phone{p})
}

// phone returns the phone of a row. Without a profile, it is that of the phone's other lines, or guessed. With an error, what
// is wrong has a stand-in.
func (c *phoneCommand) phone(ctx context.Context, row phoneconf.Row) (phoneconf.Phone, error) {
	p := phoneconf.Phone{Name: row.Name, Extension: row.Extension, Profile: row.Profile, Line: 1}
	var errs []error
	var err error
	if p.MAC, err = device.ParseMAC(row.MAC); err != nil {
		errs = append(errs, fmt.Errorf("%q: %w", row.MAC, err))
		p.MAC = standIn(row.Line)
	}
	if row.Number != "" {
		if p.Line, err = strconv.Atoi(row.Number); err != nil {
			errs = append(errs, fmt.Errorf("line %q: not a number", row.Number))
			p.Line = 1
		}
	}
	if p.Profile == "" && len(errs) == 0 {
		if p.Profile, err = c.guess(ctx, p.MAC); err != nil {
			errs = append(errs, err)
		}
	}
	if p.Profile == "" && len(c.have.Profiles) > 0 {
		p.Profile = c.have.Profiles[0]
	}
	return p, errors.Join(errs...)
}

// standIn returns the MAC of a row whose MAC is wrong, so that the rest of the row can be checked: another one for each row.
// Nothing is written then.
func standIn(row int) device.MAC {
	return device.MAC{0x02, 0xff, byte(row >> 24), byte(row >> 16), byte(row >> 8), byte(row)}
}

// guess returns the profile of a phone's other lines, or one by its MAC and by what it said of itself.
func (c *phoneCommand) guess(ctx context.Context, mac device.MAC) (string, error) {
	for _, line := range c.have.Phone(mac) {
		if line.Profile != "" {
			return line.Profile, nil
		}
	}
	vendor := device.VendorOfMAC(mac)
	stranger := c.stranger(ctx, mac)
	if vendor != "" && stranger.Vendor != "" && stranger.Vendor != vendor {
		return "", fmt.Errorf("the MAC is of %s, and the phone says that it is of %s: -profile says which profile it has", vendor, stranger.Vendor)
	}
	return phoneconf.Guess(cmp.Or(vendor, stranger.Vendor), stranger.Model, c.have.Profiles)
}

// stranger returns what the running service knows of a MAC that has asked for a file in vain; nothing if none runs.
func (c *phoneCommand) stranger(ctx context.Context, mac device.MAC) ledger.Stranger {
	if c.strangers == nil {
		c.strangers = map[string]ledger.Stranger{}
		ctx, cancel := context.WithTimeout(ctx, healthTimeout)
		defer cancel()
		var list struct{ Items []ledger.Stranger }
		if client, err := newAdminClient(c.settings); err == nil && client.get(ctx, "/api/v1/strangers?limit=1000", &list) == nil {
			for _, s := range list.Items {
				c.strangers[s.MAC] = s
			}
		}
	}
	return c.strangers[mac.String()]
}

// finish writes what was added, or prints it.
func (c *phoneCommand) finish(result *phoneconf.Result, phones []phoneconf.Phone) error {
	if c.dryRun {
		for _, a := range result.Added {
			c.out.printf("==> %s <==\n%s", a.File, a.Text)
		}
		return nil
	}
	if err := c.tree.Write(); err != nil {
		return err
	}
	counts, files := map[string]int{}, []string(nil)
	for _, a := range result.Added {
		if counts[a.File]++; counts[a.File] == 1 {
			files = append(files, a.File)
		}
	}
	for _, file := range files {
		c.out.printf("%s: %d added\n", file, counts[file])
	}
	for _, note := range result.Notes {
		c.out.printf("%s\n", note)
	}
	p := phones[0]
	if len(phones) == 1 {
		c.out.printf("%s is extension %s with profile %s. ", p.MAC, p.Extension, p.Profile)
	}
	c.out.printf("Now type `core reload` at the Asterisk CLI.\n")
	if result.Dial != "" {
		c.out.printf("To be called, it needs a line in extensions.conf, if no pattern there has it: exten => %s,1,Dial(%s)\n", p.Extension, result.Dial)
	}
	return nil
}

func (c *phoneCommand) remove(what string) error {
	lines := c.have.Find(what)
	if len(lines) == 0 {
		return fmt.Errorf("no phone has the MAC or the extension %q; `phoneprov phone list` lists them", what)
	}
	removed, notes, err := c.have.Remove(lines)
	if err != nil {
		return err
	}
	done := "removed"
	if c.dryRun {
		done = "would be removed"
	} else if err := c.tree.Write(); err != nil {
		return err
	}
	for _, r := range removed {
		c.out.printf("%s: [%s] %s\n", r.Pos, r.Name, done)
	}
	for _, note := range notes {
		c.out.printf("%s\n", note)
	}
	if !c.dryRun {
		c.out.printf("Now type `core reload` at the Asterisk CLI.\n")
	}
	return nil
}

// phoneJSON is a line for other programs.
type phoneJSON struct {
	MAC       string `json:"mac"`
	Line      int    `json:"line"`
	Extension string `json:"extension"`
	Name      string `json:"name"`
	Profile   string `json:"profile"`
	File      string `json:"file"`
	At        int    `json:"at"` // line of the file
}

// list prints the lines of the phones as the files have them.
func (c *phoneCommand) list() error {
	list := []phoneJSON{}
	for _, p := range c.have.Phones {
		mac := p.MAC
		if m, err := device.ParseMAC(mac); err == nil {
			mac = m.String()
		}
		list = append(list, phoneJSON{mac, p.Line, p.User, p.Name, p.Profile, p.Section.Pos.File, p.Section.Pos.Line})
	}
	if c.json {
		e := json.NewEncoder(c.stdout)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, p := range list {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s:%d\n", p.MAC, p.Line, p.Extension, p.Name, cmp.Or(p.Profile, "-"), p.File, p.At)
	}
	return w.Flush()
}

// importCSV adds the phones of a file, all or none.
func (c *phoneCommand) importCSV(ctx context.Context, name string) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, faults := phoneconf.ReadCSV(f)
	fault := func(line int, err error) { faults = append(faults, phoneconf.Fault{Line: line, Err: err}) }
	var phones []phoneconf.Phone
	var lines []int
	for _, row := range rows {
		row.Profile = cmp.Or(row.Profile, c.profile)
		p, err := c.phone(ctx, row)
		if err != nil {
			fault(row.Line, err)
		}
		p.From = astconf.Pos{File: name, Line: row.Line}
		phones, lines = append(phones, p), append(lines, row.Line)
	}
	result, err := c.have.Add(phones, o, func(i int, err error) { fault(lines[i], err) })
	if len(faults) > 0 {
		return refused(name, faults)
	}
	if err != nil {
		return err
	}
	return c.finish(result, phones)
}

// refused returns the faults of a file in the order of its lines, each with its line.
func refused(name string, faults []phoneconf.Fault) error {
	slices.SortStableFunc(faults, func(a, b phoneconf.Fault) int { return cmp.Compare(a.Line, b.Line) })
	var errs []error
	for _, f := range faults {
		for text := range strings.Lines(f.Err.Error()) {
			errs = append(errs, fmt.Errorf("%s:%d: %s", name, f.Line, strings.TrimSuffix(text, "\n")))
		}
	}
	return errors.Join(append(errs, phoneconf.ErrRefused)...)
}
