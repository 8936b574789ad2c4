package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

const (
	// watchEvery is how often -watch asks: no faster than a person reads.
	watchEvery = 2 * time.Second
	// maxShownPhones is the number of phones that the summary lists. To see more, a user asks by state.
	maxShownPhones = 100
	// statusTimeout bounds one request. A page of phones takes the service milliseconds.
	statusTimeout = 30 * time.Second
)

// statusFlags are the flags of status.
type statusFlags struct {
	mac, state, profile string
	json                bool
}

func setupStatus(cl *call) func(context.Context) error {
	config := configFlag(cl)
	var f statusFlags
	cl.flags.BoolVar(&f.json, "json", false, "print JSON, as the API answers it, with exact times")
	cl.flags.StringVar(&f.state, "state", "", "list the phones in this `state`, or in several with commas between them")
	cl.flags.StringVar(&f.profile, "profile", "", "list the phones of this `profile` only")
	watch := cl.flags.Bool("watch", false, "print again every two seconds, until Ctrl-C")
	return func(ctx context.Context) error {
		s, err := cl.settings(*config)
		if err != nil {
			return err
		}
		if len(cl.args) > 0 {
			f.mac = cl.args[0]
		}
		if f.mac != "" && (f.state != "" || f.profile != "") {
			fmt.Fprintln(cl.stderr, "phoneprov status: -state and -profile list phones: they do not go with a MAC")
			return errUsage
		}
		for state := range strings.SplitSeq(f.state, ",") {
			if state != "" && !ledger.State(state).Valid() {
				fmt.Fprintf(cl.stderr, "phoneprov status: %q is no state; there are: %s\n", state, strings.Join(stateWords(), ", "))
				return errUsage
			}
		}
		c, err := newAdminClient(s)
		if err != nil {
			return err
		}
		if !*watch {
			return cl.status(ctx, c, f, "")
		}
		ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		return cl.watchStatus(ctx, c, f)
	}
}

// stateWords returns the states, the worst first.
func stateWords() (words []string) {
	for _, d := range ledger.States() {
		words = append(words, string(d.State))
	}
	return words
}

// watchStatus prints again and again until ctx ends. It prints an error and goes on, because the service may be
// restarting.
func (cl *call) watchStatus(ctx context.Context, c *adminClient, f statusFlags) error {
	again := time.NewTicker(watchEvery)
	defer again.Stop()
	before := "\x1b[H\x1b[2J" // clears a terminal
	if f.json {
		before = "" // print one answer below the other
	}
	for {
		if err := cl.status(ctx, c, f, before); err != nil && ctx.Err() == nil {
			fmt.Fprintf(cl.stderr, "phoneprov status: %v\n", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// status prints once. It prints before first, but only if there is a text to print.
func (cl *call) status(ctx context.Context, c *adminClient, f statusFlags, before string) error {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var text strings.Builder
	text.WriteString(before)
	print := statusPrinter{w: &text, now: time.Now()}
	var err error
	switch {
	case f.mac != "":
		err = c.statusOf(ctx, f, &print)
	case f.state != "" || f.profile != "":
		err = c.statusList(ctx, f, &print)
	default:
		err = c.statusSummary(ctx, f, &print)
	}
	if err != nil {
		return err
	}
	_, err = cl.stdout.Write([]byte(text.String()))
	return err
}

// statusOf prints everything of one phone.
func (c *adminClient) statusOf(ctx context.Context, f statusFlags, p *statusPrinter) error {
	var one struct {
		ledger.Phone
		History []ledger.Event `json:"history"`
	}
	path := "/api/v1/phones/" + url.PathEscape(f.mac)
	if err := c.get(ctx, path, &one.Phone); err != nil {
		return err
	}
	var history struct{ Items []ledger.Event }
	if err := c.get(ctx, path+"/history", &history); err != nil {
		return err
	}
	if one.History = history.Items; f.json {
		return p.json(one)
	}
	p.phone(one.Phone)
	p.history(one.History)
	return nil
}

// statusList prints all phones that the flags select.
func (c *adminClient) statusList(ctx context.Context, f statusFlags, p *statusPrinter) error {
	all := ledger.Page{Items: []ledger.Phone{}}
	q := url.Values{"sort": {"state"}, "limit": {fmt.Sprint(ledger.MaxLimit)}}
	if f.state != "" {
		q.Set("state", f.state)
	}
	if f.profile != "" {
		q.Set("profile", f.profile)
	}
	for {
		var page ledger.Page
		if err := c.get(ctx, "/api/v1/phones?"+q.Encode(), &page); err != nil {
			return err
		}
		all.Items, all.Total, all.Counts = append(all.Items, page.Items...), page.Total, page.Counts
		if page.Next == "" {
			break
		}
		q.Set("cursor", page.Next)
	}
	if f.json {
		return p.json(all)
	}
	p.phones(all.Items, all.Total)
	return nil
}

// statusSummary prints the summary, then the phones that are neither up to date nor never fetched.
func (c *adminClient) statusSummary(ctx context.Context, f statusFlags, p *statusPrinter) error {
	var all struct {
		admin.Summary
		NotWell []ledger.Phone `json:"not_well"`
	}
	if err := c.get(ctx, "/api/v1/status", &all.Summary); err != nil {
		return err
	}
	q := url.Values{"sort": {"state"}, "limit": {fmt.Sprint(maxShownPhones)}}
	for _, state := range ledger.NotWell() {
		q.Add("state", string(state))
	}
	var page ledger.Page
	if err := c.get(ctx, "/api/v1/phones?"+q.Encode(), &page); err != nil {
		return err
	}
	if all.NotWell = page.Items; f.json {
		return p.json(all)
	}
	p.summary(all.Summary)
	if page.Total > 0 {
		p.printf("\n")
		p.phones(page.Items, page.Total)
	}
	return nil
}

func (p *statusPrinter) json(value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	p.printf("%s\n", text)
	return nil
}
