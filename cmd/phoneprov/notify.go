package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync/notify"
	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// notifyTimeout is how long the service may take to select phones: 100,000 are a second.
const notifyTimeout = 30 * time.Second

// tellByHand tells phones for the API.
func (v *service) tellByHand(ctx context.Context, q admin.NotifyRequest) (out admin.NotifyResult, err error) {
	result, err := v.notifier.ByHand(ctx, notify.Request{
		Phones: q.Phones, Profile: q.Profile, States: q.State, All: q.All, Reboot: q.Reboot, DryRun: q.DryRun, Confirm: q.Confirm, By: "API",
	})
	switch {
	case errors.Is(err, notify.ErrNoPhone):
		return out, fmt.Errorf("%w: %w", admin.ErrNoSuchPhone, err)
	case errors.Is(err, notify.ErrTooMany), errors.Is(err, notify.ErrNotHeld):
		return out, fmt.Errorf("%w: %w", admin.ErrConflict, err)
	case err != nil:
		return out, err
	}
	out = admin.NotifyResult{Items: []admin.NotifiedPhone{}, Total: result.Total, Told: result.Told, Confirmed: result.Confirmed}
	for _, p := range result.Phones {
		out.Items = append(out.Items, admin.NotifiedPhone{
			ID: p.ID, MAC: p.MAC, Name: p.Name, State: p.State, Outcome: p.Outcome, Event: p.Event, Reboots: string(p.Reboots), To: p.To, Why: p.Why,
		})
	}
	return out, nil
}

func setupNotify(cl *call) func(context.Context) error {
	config := configFlag(cl)
	var q admin.NotifyRequest
	profile := cl.flags.String("profile", "", "tell the phones of this `profile`")
	state := cl.flags.String("state", "", "tell the phones in this `state`, say change_waiting; several with commas between them")
	cl.flags.BoolVar(&q.All, "all", false, "tell all phones")
	cl.flags.BoolVar(&q.Reboot, "reboot", false, "have them reboot")
	cl.flags.BoolVar(&q.DryRun, "dry-run", false, "tell nobody, and print who would be told, and how")
	cl.flags.BoolVar(&q.Confirm, "confirm", false, "tell also more phones than resync.limit; without MACs or a selection: those that are held")
	return func(ctx context.Context) error {
		s, err := cl.settings(*config)
		if err != nil {
			return err
		}
		client, err := newAdminClient(s)
		if err != nil {
			return err
		}
		q.Phones, q.Profile = cl.args, *profile
		for word := range strings.SplitSeq(*state, ",") {
			if word != "" {
				q.State = append(q.State, ledger.State(word))
			}
		}
		ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
		defer cancel()
		body, err := json.Marshal(q)
		if err != nil {
			return err
		}
		var result admin.NotifyResult
		if err := client.do(ctx, http.MethodPost, admin.NotifyPath, body, &result); err != nil {
			return err
		}
		return printNotified(cl.stdout, q, result)
	}
}

// printNotified prints what came of each phone. A phone that was named and is not told is a failure.
func printNotified(w io.Writer, q admin.NotifyRequest, result admin.NotifyResult) error {
	out := errWriter{w: w}
	if result.Confirmed > 0 && result.Total == 0 {
		would := ""
		if q.DryRun {
			would = "would be "
		}
		out.printf("%s %sconfirmed\n", count(result.Confirmed, "held phone"), would)
		return out.err
	}
	for _, p := range result.Items {
		line := p.ID
		if p.Name != "" {
			line += " (" + p.Name + ")"
		}
		switch p.Outcome {
		case notify.NotTold:
			line += ": not told: " + p.Why
		default:
			word := "told"
			if p.Outcome == notify.WouldTell {
				word = "would be told"
			}
			line += fmt.Sprintf(": %s: NOTIFY %s to %s, reboots: %s", word, p.Event, p.To, p.Reboots)
			if p.Why != "" {
				line += ", later: " + p.Why
			}
		}
		out.printf("%s\n", line)
	}
	out.printf("%d of %s\n", result.Told, count(result.Total, "phone"))
	if out.err == nil && len(q.Phones) > 0 && result.Told < result.Total {
		return errFailed
	}
	return out.err
}
