package lastgood

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Format is the version of the encoding. A change of State or of its order is another one.
const Format = 1

// State is all that a snapshot was built of, but for the settings of phoneprov itself.
type State struct {
	SavedAt time.Time // when it was kept
	BuiltAt time.Time // the time that Build was given

	Config provision.Config
	Major  int
	Live   *provision.Live
	// Addresses are what provision.Input.Interfaces said of the interfaces that Build asked for.
	Addresses map[string]netip.Addr
	// Answers are what provision.Input.Ask said to the calls of Build, which are those in names of files.
	Answers map[string]string

	// Booted: Asterisk says to this account when it is booted.
	Booted bool
	// Filed are endpoints and auths that were in a file of the configuration once and are in Live, but not in Config any more.
	Filed []Object
}

// Object is an object of PJSIP.
type Object struct{ Type, Name string }

// Encode writes a State without SavedAt and BuiltAt, which lead in the file: what is the same is the same bytes. It is written in
// small pieces, as there can be 100,000 phones in it. The error is that of to.
func Encode(to io.Writer, s *State) error {
	w := &writer{to: to, names: map[string]uint64{}, sets: map[uintptr]uint64{}}
	w.number(uint64(len(s.Config)))
	for _, name := range slices.Sorted(maps.Keys(s.Config)) {
		w.name(name)
		w.file(s.Config[name])
	}
	w.number(uint64(s.Major))
	w.live(s.Live)
	w.number(uint64(len(s.Addresses)))
	for _, name := range slices.Sorted(maps.Keys(s.Addresses)) {
		w.text(name)
		w.text(s.Addresses[name].String())
	}
	w.number(uint64(len(s.Answers)))
	for _, call := range slices.Sorted(maps.Keys(s.Answers)) {
		w.text(call)
		w.text(s.Answers[call])
	}
	w.flag(s.Booted)
	w.number(uint64(len(s.Filed)))
	for _, o := range s.Filed {
		w.name(o.Type)
		w.text(o.Name)
	}
	w.flush(0)
	return w.err
}

// Decode gives the State of bytes that Encode made. The State is made of parts of text.
func Decode(text string) (*State, error) {
	r := &reader{left: text}
	s := &State{Config: provision.Config{}}
	for range r.count() {
		name := r.name()
		s.Config[name] = r.file()
	}
	s.Major = int(r.number())
	s.Live = r.live()
	s.Addresses = map[string]netip.Addr{}
	for range r.count() {
		name, text := r.str(), r.str()
		address, err := netip.ParseAddr(text)
		if err != nil {
			r.fail()
		}
		s.Addresses[name] = address
	}
	s.Answers = map[string]string{}
	for range r.count() {
		call := r.str()
		s.Answers[call] = r.str()
	}
	s.Booted = r.flag()
	for range r.count() {
		s.Filed = append(s.Filed, Object{Type: r.name(), Name: r.str()})
	}
	if r.failed || r.left != "" {
		return nil, fmt.Errorf("%w: it ends where it should not", ErrNotWhole)
	}
	return s, nil
}

func (w *writer) file(f *astconf.File) {
	w.flag(f != nil)
	if f == nil {
		return
	}
	w.name(f.Name)
	w.number(uint64(len(f.Warnings)))
	for _, warning := range f.Warnings {
		w.pos(warning.Pos)
		w.text(warning.Message)
	}
	templates := f.Templates()
	w.number(uint64(len(templates)))
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		w.text(name)
		w.pos(templates[name])
	}
	w.number(uint64(len(f.Categories)))
	for _, c := range f.Categories {
		w.category(c)
		w.flush(pieceSize)
	}
}

func (r *reader) file() *astconf.File {
	if !r.flag() {
		return nil
	}
	name := r.name()
	var warnings []astconf.Warning
	for range r.count() {
		warnings = append(warnings, astconf.Warning{Pos: r.pos(), Message: r.str()})
	}
	templates := map[string]astconf.Pos{}
	for range r.count() {
		name := r.str()
		templates[name] = r.pos()
	}
	categories := make([]*astconf.Category, r.count())
	for i := range categories {
		categories[i] = r.category()
	}
	return astconf.NewFile(name, categories, warnings, templates)
}

func (w *writer) category(c *astconf.Category) {
	w.text(c.Name)
	w.pos(c.Pos)
	w.number(uint64(len(c.Bases)))
	for _, base := range c.Bases {
		w.name(base)
	}
	vars := w.vars[:0]
	for v := range c.Vars() {
		vars = append(vars, v)
	}
	w.vars = vars
	w.number(uint64(len(vars)))
	for _, v := range vars {
		w.name(v.Name)
		w.text(v.Value)
		w.pos(v.Pos)
	}
}

func (r *reader) category() *astconf.Category {
	name, pos := r.str(), r.pos()
	var bases []string
	for range r.count() {
		bases = append(bases, r.name())
	}
	vars := make([]astconf.Var, r.count())
	for i := range vars {
		vars[i] = astconf.Var{Name: r.name(), Value: r.str(), Pos: r.pos()}
	}
	return astconf.NewCategory(name, pos, bases, vars)
}

func (w *writer) live(l *provision.Live) {
	w.flag(l != nil)
	if l == nil {
		return
	}
	w.number(uint64(len(l.Endpoints)))
	for _, id := range slices.Sorted(maps.Keys(l.Endpoints)) {
		e := l.Endpoints[id]
		w.text(id)
		w.text(e.ID)
		w.text(e.CallerID)
		w.name(e.TransportID)
		w.name(e.Bind)
		w.text(e.AuthID)
		w.text(e.Username)
		w.text(e.Password.Reveal()) // on purpose: without it the phone's file would have a hole
		w.options(e.Options)
		w.flush(pieceSize)
	}
}

func (r *reader) live() *provision.Live {
	if !r.flag() {
		return nil
	}
	l := &provision.Live{Endpoints: map[string]provision.Endpoint{}}
	for range r.count() {
		id := r.str()
		l.Endpoints[id] = provision.Endpoint{
			ID: r.str(), CallerID: r.str(), TransportID: r.name(), Bind: r.name(), AuthID: r.str(),
			Username: r.str(), Password: provision.Secret(r.str()), Options: r.options(),
		}
	}
	return l
}

// options writes what an endpoint has for itself, and once what it shares with others.
func (w *writer) options(o *provision.Options) {
	w.flag(o != nil)
	if o == nil {
		return
	}
	shared, own := o.Parts()
	id := mapID(shared)
	number, known := w.sets[id]
	if !known {
		number = uint64(len(w.sets))
		w.sets[id] = number
	}
	w.number(number)
	if !known {
		w.number(uint64(len(shared)))
		for _, name := range slices.Sorted(maps.Keys(shared)) {
			w.name(name)
			w.text(shared[name])
		}
	}
	w.number(uint64(len(own)))
	for _, option := range own {
		w.name(option.Name)
		w.text(option.Value)
	}
}

func (r *reader) options() *provision.Options {
	if !r.flag() {
		return nil
	}
	number := r.number()
	if number > uint64(len(r.sets)) {
		r.fail()
		return nil
	}
	if number == uint64(len(r.sets)) {
		shared := map[string]string{}
		for range r.count() {
			name := r.name()
			shared[name] = r.str()
		}
		r.sets = append(r.sets, provision.NewSharedOptions(shared))
	}
	var own []provision.Option
	for range r.count() {
		own = append(own, provision.Option{Name: r.name(), Value: r.str()})
	}
	return r.sets[number].With(own)
}
