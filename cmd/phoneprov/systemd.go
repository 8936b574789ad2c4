package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/httpapi"
)

// systemd tells systemd how the service is, as a unit of Type=notify does. A nil systemd tells nobody.
type systemd struct {
	watchdog time.Duration // systemd ends the service if it hears nothing for so long; 0: it does not

	mu        sync.Mutex
	ready     bool // systemd knows that the service is ready
	reloads   int  // syncs that systemd waits for: the end of a reload is the end of all of them
	lastState string
}

// newSystemd returns nil if systemd did not start this process, or does not want to be told.
func newSystemd(getenv lookupEnv) (*systemd, error) {
	if socket, _ := getenv("NOTIFY_SOCKET"); socket == "" {
		return nil, nil
	}
	watchdog, err := daemon.SdWatchdogEnabled(false)
	return &systemd{watchdog: watchdog}, err
}

// send sends assignments in one datagram. If systemd does not take it, there is nobody to tell.
func (d *systemd) send(assignments ...string) {
	_, _ = daemon.SdNotify(false, strings.Join(assignments, "\n"))
}

// serving tells systemd that phones get files, and what the service does.
func (d *systemd) serving(status string) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.ready {
		d.ready, d.lastState = true, status
		d.send(daemon.SdNotifyReady, "STATUS="+status)
	}
	d.show(status)
}

// ended tells systemd that a sync has ended. reload reports whether SIGHUP triggered it.
func (d *systemd) ended(status string, reload bool) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if reload && d.reloads > 0 {
		d.reloads--
	} else {
		reload = false
	}
	if reload && d.reloads == 0 {
		d.lastState = status
		d.send(daemon.SdNotifyReady, "STATUS="+status)
	}
	d.show(status)
}

// show sends the status if it is another one. The caller holds mu.
func (d *systemd) show(status string) {
	if status != d.lastState {
		d.lastState = status
		d.send("STATUS=" + status)
	}
}

// reloading tells systemd that SIGHUP arrived, which each Asterisk's sync answers: syncs is their number. A service that is
// not ready yet reloads nothing.
func (d *systemd) reloading(syncs int) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.ready {
		return
	}
	d.reloads = syncs
	d.send(daemon.SdNotifyReloading)
}

func (d *systemd) stopping() {
	if d != nil {
		d.send(daemon.SdNotifyStopping)
	}
}

// syncEnded is called after each sync.
func (v *service) syncEnded(trigger string) {
	if v.systemd != nil {
		v.systemd.ended(v.statusLine(), isReload(trigger))
	}
}

// isReload reports whether SIGHUP is among the triggers of a sync. Where there are as many as amisync names at most, it may be
// one that is not named.
func isReload(trigger string) bool {
	triggers := strings.Split(trigger, ", ")
	return slices.Contains(triggers, hangup) || len(triggers) == amisync.MaxReasons
}

// statusLine says in one line what the service does, for systemctl status.
func (v *service) statusLine() string {
	snapshot := v.options.Store.Load()
	s := v.status()
	var line string
	switch {
	case snapshot == nil:
		line = "phones get nothing yet"
	case !snapshot.SavedAt.IsZero():
		counts := snapshot.Counts()
		line = fmt.Sprintf("serving the last good configuration, of %s: %s", snapshot.SavedAt.Format(time.RFC3339), count(counts.Phones, "phone"))
	default:
		counts := snapshot.Counts()
		line = fmt.Sprintf("serving %s, %s", count(counts.Phones, "phone"), count(counts.Routes, "file"))
	}
	if s.Held != nil {
		line += "; held: " + s.Held.Reason
	}
	if s.LastError != "" {
		line += "; " + s.LastError
	}
	return strings.Join(strings.Fields(line), " ") // a line break would end the assignment
}

// watch feeds systemd's watchdog until ctx ends, each time after the handler of the phones has answered. If the handler
// is blocked, systemd hears nothing, ends the service and starts it anew. The channel is closed at the end.
func (v *service) watch(ctx context.Context, phones http.Handler) <-chan struct{} {
	done := make(chan struct{})
	if v.systemd == nil || v.systemd.watchdog == 0 {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(v.systemd.watchdog / 3)
		defer tick.Stop()
		for {
			v.checkPhones(ctx, phones)
			if ctx.Err() != nil {
				return
			}
			v.systemd.send(daemon.SdNotifyWatchdog)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return done
}

// checkPhones returns when the phones' handler has answered a request for the first phone's file. A file that waits for
// Asterisk has a part of the watchdog's time, because a restart would not make Asterisk faster.
func (v *service) checkPhones(ctx context.Context, phones http.Handler) {
	ctx, cancel := context.WithTimeout(ctx, v.systemd.watchdog/3)
	defer cancel()
	uri := "file"
	if snapshot := v.options.Store.Load(); snapshot != nil {
		if phones := snapshot.Phones(); len(phones) > 0 {
			if routes := snapshot.PhoneRoutes(phones[0]); len(routes) > 0 {
				uri = routes[0].URI
			}
		}
	}
	if status := httpapi.Check(ctx, phones, v.options.Prefix, uri); status == http.StatusInternalServerError {
		v.log.Debug().Str("file", uri).Int("status", status).Msg("the watchdog's request failed; phones are answered")
	}
}
