package pnp

import (
	"crypto/rand"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/phoneprov/phoneprov/httpapi/printable"
)

// answerTo returns the 200 to a request. local is our address, and from the phone's.
func answerTo(r request, local, from netip.AddrPort) []byte {
	r.SetSource(from.String())
	answer := sip.NewResponseFromRequest(r.Request, 200, "OK", nil)
	answer.AppendHeader(sip.NewHeader("Contact", "<sip:"+local.String()+">"))
	answer.AppendHeader(sip.NewHeader("Expires", "0"))
	return []byte(answer.String())
}

// notifyFor returns the NOTIFY that sends the URL to the address to, and ends the subscription.
func notifyFor(r request, local, to netip.AddrPort, url string) []byte {
	lines := []string{
		"NOTIFY sip:" + r.userAt() + to.String() + " SIP/2.0",
		"Via: SIP/2.0/UDP " + local.String() + ";branch=" + sip.RFC3261BranchMagicCookie + token() + ";rport",
		"Max-Forwards: 70",
		"From: " + r.To().Value(),
		"To: " + r.From().Value(),
		"Call-ID: " + r.CallID().Value(),
		"CSeq: 1 NOTIFY",
		"Contact: <sip:" + local.String() + ">",
		"Event: " + r.event,
		"Subscription-State: terminated;reason=timeout",
		"Content-Type: application/url",
	}
	lines = append(lines, "Content-Length: "+strconv.Itoa(len(url)), "", url)
	return []byte(strings.Join(lines, "\r\n"))
}

// token returns a random text for a tag or a branch.
func token() string { return rand.Text()[:16] }

// maxShown bounds in bytes a phone's text in the log.
const maxShown = 64

// short returns a phone's text for the log.
func short(s string) string { return printable.Cut(s, maxShown) }
