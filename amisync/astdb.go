package amisync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// The family in Asterisk's database, which the CLI shows with "database show phoneprov", and the key of the summary. A
// phone's key is its ID. The summary's key sorts after all MACs, so that it ends the list in a terminal.
const (
	astDBFamily     = "phoneprov"
	astDBSummaryKey = "summary"
)

// Limits of the entries in Asterisk's database.
const (
	maxAstDBPhones = 1000 // nobody reads more in a terminal
	maxAstDBText   = 200  // bytes of a value: one or two lines of a terminal
	maxAstDBKey    = 64   // bytes of a phone's ID: a MAC has 12, and Asterisk 16 takes no key of 250
)

// Shown is what the Asterisk CLI shows.
type Shown struct {
	Summary string
	Phones  []ShownPhone // phones that are not up to date, the worst first; the first maxAstDBPhones are written
}

// ShownPhone is a phone's ID and its state in words.
type ShownPhone struct{ ID, Words string }

// entries returns the database's content, by key.
func (s Shown) entries() map[string]string {
	entries := map[string]string{astDBSummaryKey: oneLine(s.Summary)}
	for _, p := range s.Phones {
		if len(entries) > maxAstDBPhones {
			entries[astDBSummaryKey] = oneLine(fmt.Sprintf("%s; only the first %d phones are listed", s.Summary, maxAstDBPhones))
			break
		}
		if key := oneLine(p.ID); key != "" && key == p.ID && len(key) <= maxAstDBKey && key != astDBSummaryKey {
			entries[key] = oneLine(p.Words)
		}
	}
	return entries
}

// oneLine returns a text without control characters, of at most maxAstDBText bytes.
func oneLine(text string) string {
	text = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text), "?")
	if len(text) > maxAstDBText {
		text = strings.ToValidUTF8(text[:maxAstDBText-len("…")], "") + "…"
	}
	return text
}

// astDB keeps the family up to date over successive connections. On a new connection it assumes nothing about the
// content: the Asterisk behind it may have another database.
type astDB struct {
	of      *ami.Conn
	written map[string]string
}

// runAstDB updates the family every Timing.Show, while Asterisk is connected.
func (s *Service) runAstDB(ctx context.Context) {
	tick := time.NewTicker(s.o.Timing.Show)
	defer tick.Stop()
	var d astDB
	for {
		if c, err := s.link.conn(); err == nil {
			if err := d.update(ctx, c, s.o.Show().entries(), s.o.Timing.Sync); ctx.Err() == nil && (err == nil || c.Err() == nil) {
				s.report.shown(err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// update writes the entries that changed. On a new connection it deletes the family first and writes everything. Each
// action may take patience, because a sync may be using the connection.
func (d *astDB) update(ctx context.Context, c *ami.Conn, entries map[string]string, patience time.Duration) error {
	do := func(action string, fields ami.Message) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		fields["Family"] = astDBFamily
		_, err := c.Do(ctx, action, fields)
		return err
	}
	if c != d.of {
		if err := do("DBDelTree", ami.Message{}); err != nil && !notInAstDB(err) {
			return err
		}
		d.of, d.written = c, map[string]string{}
	}
	for _, key := range slices.Sorted(maps.Keys(d.written)) {
		if _, stays := entries[key]; stays {
			continue
		}
		if err := do("DBDel", ami.Message{"Key": key}); err != nil && !notInAstDB(err) {
			return err
		}
		delete(d.written, key)
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if value, is := d.written[key]; is && value == entries[key] {
			continue
		}
		if err := do("DBPut", ami.Message{"Key": key, "Val": entries[key]}); err != nil {
			return err
		}
		d.written[key] = entries[key]
	}
	return nil
}

// notInAstDB reports whether an entry could not be deleted because it does not exist.
func notInAstDB(err error) bool {
	refused, ok := errors.AsType[*ami.ActionError](err)
	return ok && slices.Contains([]string{"Database entry not found", "Database entry could not be deleted"}, refused.Message)
}
