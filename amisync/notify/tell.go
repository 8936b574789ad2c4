package notify

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// tell tells one phone, or notes why it does not.
func (n *Notifier) tell(ctx context.Context, t *task) {
	p, ok := n.o.Ledger.Phone(t.id)
	if !ok || p.Gone != nil || !waits(p.State) && (!t.byHand || t.tries > 0) {
		n.drop(t) // if a change waits, the next scan creates the task again
		return
	}
	m := n.o.Table.Of(vendorOf(&p))
	event := m.Event
	if t.reboot {
		event = m.Reboot
	}
	if event == "" {
		n.cannot(t, &p, noEvent(&p, m, t.reboot))
		return
	}
	if n.o.Mode != Auto && !t.byHand {
		n.logInstead(t, &p, m)
		return
	}
	if why := n.inCall(t, n.known(&p)); why != "" {
		n.later(t, busyPause, why)
		return
	}
	if !n.awaitTurn(ctx) {
		return
	}
	lines, err := n.reach(ctx, &p)
	if err != nil {
		n.trouble(ctx, t, err)
		return
	}
	if why := n.inCall(t, lines); why != "" {
		n.later(t, busyPause, why)
		return
	}
	target, why := n.singleOut(&p, lines)
	if why != "" {
		n.cannot(t, &p, why)
		return
	}
	n.send(ctx, t, m, event, target)
}

// awaitTurn waits until the rate permits another NOTIFY. It returns false if the context has ended.
func (n *Notifier) awaitTurn(ctx context.Context) bool { return n.limiter.Wait(ctx) == nil }

// drop removes a task from the plan.
func (n *Notifier) drop(t *task) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.plan.tasks[t.id] == t {
		delete(n.plan.tasks, t.id)
	}
}

// cannot notes why a phone cannot be told. If only a person wants it told, its task is dropped. Otherwise the phone is
// tried again later.
func (n *Notifier) cannot(t *task, p *ledger.Phone, why string) {
	if t.byHand && (n.o.Mode != Auto || !waits(p.State)) {
		n.drop(t)
		n.o.Log.Warn().Str("phone", t.id).Msg("resync: the phone was not told: " + why)
		return
	}
	n.later(t, otherPause, why)
}

// send makes Asterisk send the NOTIFY, and notes it in the plan and in the ledger.
func (n *Notifier) send(ctx context.Context, t *task, m Method, event string, target Target) {
	action, cancel := context.WithTimeout(ctx, actionTimeout)
	answer, err := n.asterisk(t.pbx).Notify(action, target, event)
	cancel()
	if errors.Is(err, ErrUnreachable) || errors.Is(err, ErrDenied) || errors.Is(err, ErrRefused) {
		n.trouble(ctx, t, err)
		return
	}
	if err != nil { // Asterisk may have sent the NOTIFY
		answer = err.Error()
	}
	now := time.Now()
	delete(n.pauses, t.pbx)
	n.mu.Lock()
	delete(n.denied, t.pbx)
	n.plan.told(now, t, m.Within)
	notice := ledger.Notice{At: now, Until: t.due, How: "NOTIFY " + event + " to " + target.String(), Tries: t.tries, Answer: answer, Change: t.change}
	t.said = ""
	n.mu.Unlock()
	if notice.Tries < maxTries {
		notice.Until = notice.Until.Add(retrySlack)
	} else {
		notice.How += ", and once before"
	}
	n.o.Ledger.PhoneTold(t.id, notice)
	n.o.Log.Info().Str("phone", t.id).Str("event", event).Str("to", target.String()).Int("try", notice.Tries).
		Time("until", notice.Until).Str("asterisk", answer).Msg("resync: the phone was told that its files have changed")
}

// logInstead logs how the phone would be told, or why it would not.
func (n *Notifier) logInstead(t *task, p *ledger.Phone, m Method) {
	target, why := n.singleOut(p, n.known(p))
	text := "would be told with NOTIFY " + m.Event + " to " + target.String() + " (resync.mode is log)"
	if why != "" {
		text = why
	}
	n.mu.Lock()
	t.logged, t.obstacle = true, text
	says := n.says()
	n.mu.Unlock()
	n.say(says)
	n.o.Log.Info().Str("phone", t.id).Str("reboots", string(m.Reboots)).Msg("resync: its files have changed: " + text)
}

// trouble notes an error of Asterisk that kept a phone from being told. Unless it is ErrRefused, all phones of that
// Asterisk wait for a while.
func (n *Notifier) trouble(ctx context.Context, t *task, err error) {
	if ctx.Err() != nil {
		return // Run ends
	}
	wait := downPause
	switch {
	case errors.Is(err, ErrDenied):
		wait = deniedPause
	case errors.Is(err, ErrRefused):
		n.later(t, otherPause, err.Error())
		return
	}
	n.later(t, wait, err.Error())
	n.mu.Lock()
	if delete(n.denied, t.pbx); errors.Is(err, ErrDenied) {
		n.denied[t.pbx] = err.Error()
	}
	n.mu.Unlock()
	if err.Error() != n.pauses[t.pbx].reason {
		line := n.o.Log.Warn().Err(err)
		if t.pbx != "" {
			line.Str("pbx", t.pbx)
		}
		line.Msg("resync: phones cannot be told that their files have changed; it is tried again")
	}
	n.pauses[t.pbx] = pause{time.Now().Add(wait), err.Error()}
}

func (n *Notifier) later(t *task, pause time.Duration, why string) {
	n.mu.Lock()
	n.plan.later(t, time.Now().Add(pause), why)
	says := map[string]string{}
	if now := n.plan.why(t); now != t.said {
		t.said, says[t.id] = now, now
	}
	n.mu.Unlock()
	n.say(says)
}

// known returns what Asterisk last said of the lines of a phone, without asking it.
func (n *Notifier) known(p *ledger.Phone) (lines []Endpoint) {
	for _, l := range p.Lines {
		if e, ok := n.asterisk(p.PBX).Known(l.Endpoint); ok {
			lines = append(lines, e)
		}
	}
	return lines
}

// reach asks Asterisk for the lines of a phone.
func (n *Notifier) reach(ctx context.Context, p *ledger.Phone) (lines []Endpoint, err error) {
	for _, l := range p.Lines {
		action, cancel := context.WithTimeout(ctx, actionTimeout)
		e, ok, err := n.asterisk(p.PBX).Reach(action, l.Endpoint)
		cancel()
		if err != nil {
			return nil, err
		}
		if ok {
			lines = append(lines, e)
		}
	}
	return lines, nil
}

// inCall returns the reason if a call holds the phone back; empty: none does.
func (n *Notifier) inCall(t *task, lines []Endpoint) string {
	for _, e := range lines {
		if !e.InCall {
			continue
		}
		now := time.Now()
		n.mu.Lock()
		back, until := t.busy(now, n.o.BusyLimit), t.busySince.Add(n.o.BusyLimit)
		n.mu.Unlock()
		if back {
			return "a call is up on " + e.Name + ": told when it ends, or at " + until.UTC().Format(time.RFC3339)
		}
		return ""
	}
	n.mu.Lock()
	t.busySince = time.Time{}
	n.mu.Unlock()
	return ""
}

// singleOut returns how a phone is told alone, or why it cannot be.
func (n *Notifier) singleOut(p *ledger.Phone, lines []Endpoint) (Target, string) {
	shared := func(endpoint string) bool { return n.o.Shared(p.PBX, endpoint) }
	return singleOut(subjectOf(p), lines, shared, n.asterisk(p.PBX).Outbound())
}

func subjectOf(p *ledger.Phone) subject {
	s := subject{vendor: p.Vendor, model: p.Model}
	s.mac, _ = device.ParseMAC(p.MAC)
	s.address, _ = netip.ParseAddr(p.Address)
	return s
}

// vendorOf returns the make and model of a phone: from its HTTP User-Agent, else from the evidence, else the make by
// its MAC.
func vendorOf(p *ledger.Phone) (vendor, model string) {
	if p.Vendor != "" {
		return p.Vendor, p.Model
	}
	if p.Evidence.Vendor != "" {
		return p.Evidence.Vendor, p.Evidence.Model
	}
	mac, _ := device.ParseMAC(p.MAC)
	return device.VendorOfMAC(mac), ""
}

// noEvent returns the reason why a phone has no event.
func noEvent(p *ledger.Phone, m Method, reboot bool) string {
	make, _ := vendorOf(p)
	if reboot {
		return "no event is known that makes this " + cmp.Or(make, "phone") + " reboot"
	}
	return "this " + cmp.Or(make, "phone") + " cannot be told by SIP: " + cmp.Or(m.Trap, "no event is known for it")
}
