package httpauth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/provision/device"
)

const (
	// bcryptShare: one of so many processors checks passwords, and at least one in all. The others are for everything
	// else.
	bcryptShare = 2
	// bcryptWait bounds how long a request waits for its turn. A phone gives up after half a minute or more.
	bcryptWait = 5 * time.Second
	// maxPassword bounds a password, in bytes. bcrypt ignores what comes after.
	maxPassword = 72
)

// atATime returns how many passwords are checked at a time.
func atATime() int { return max(1, runtime.GOMAXPROCS(0)/bcryptShare) }

func (a *Authenticator) checkBasic(r *http.Request, mac device.MAC, c Client, known bool) (Result, bool) {
	user, password, ok := r.BasicAuth()
	if !ok {
		return bad(reasonMalformed), false
	}
	t := a.file.table()
	e, reason := t.find(user, mac)
	if e != nil && e.hash[basic] == "" {
		e, reason = nil, reasonNoHash
	}
	if len(password) > maxPassword || strings.Contains(password, "\x00") { // bcrypt takes some passwords with a NUL for others
		e, reason = nil, reasonWrong
	}
	sum := sha256.Sum256([]byte(password))
	if e != nil && e.accepted(&sum) {
		return e.byBasic(), true
	}
	if known {
		return bad(reasonWrong), false
	}
	ctx, cancel := context.WithTimeout(r.Context(), bcryptWait)
	defer cancel()
	if !a.turns.take(ctx, c.Source) {
		return Result{State: Busy, Reason: reasonBusy}, false
	}
	defer a.turns.give()
	return e.tryBasic(password, &sum, t.cost, reason), false
}

// tryBasic checks a password with bcrypt, also if e is nil, for an unknown user. A refusal takes the time of the most
// expensive hash in the file (cost), so that an unknown user takes as long as a wrong password.
func (e *entry) tryBasic(password string, sum *[sha256.Size]byte, cost int, reason string) Result {
	if e == nil {
		spend(password, cost)
		return bad(reason)
	}
	if e.accepted(sum) { // another request of the phone was accepted while this one waited
		return e.byBasic()
	}
	if bcrypt.CompareHashAndPassword([]byte(e.hash[basic]), []byte(password)) != nil {
		for own := e.cost; own < cost; own++ { // 2^own + 2^own + 2^(own+1) + ... + 2^(cost-1) = 2^cost
			spend(password, own)
		}
		return bad(reasonWrong)
	}
	e.verified.Store(sum)
	return e.byBasic()
}

// spend takes the time that bcrypt takes for a hash of that cost.
func spend(password string, cost int) {
	_ = bcrypt.CompareHashAndPassword([]byte(nobody(cost)), []byte(password))
}

func (e *entry) byBasic() Result {
	return Result{State: OK, Scheme: "Basic", User: e.user, MAC: e.mac}
}

// nobody returns a bcrypt hash whose password nobody knows.
func nobody(cost int) string {
	return fmt.Sprintf("$2b$%02d$", cost) + strings.Repeat(".", bcryptSize-len("$2b$10$"))
}
