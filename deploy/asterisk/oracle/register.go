package oracle

import (
	"crypto/md5" // of SIP's digest
	"encoding/hex"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sipTimeout is how long an answer to a REGISTER is waited for.
const sipTimeout = 10 * time.Second

// SIPPhone registers with an Asterisk over UDP, as a phone does.
type SIPPhone struct {
	tb                    testing.TB
	conn                  net.Conn
	server                string
	user, password, agent string
	sequence              int
}

// SIPPhone makes one of a user that has not registered yet. Port is that of the transport.
func (a *Asterisk) SIPPhone(tb testing.TB, port int, user, password, agent string) *SIPPhone {
	tb.Helper()
	server := net.JoinHostPort(a.IP, fmt.Sprint(port))
	conn, err := net.Dial("udp", server)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return &SIPPhone{tb: tb, conn: conn, server: server, user: user, password: password, agent: agent}
}

// Contact is the URI that the phone registers.
func (p *SIPPhone) Contact() string { return fmt.Sprintf("sip:%s@%s", p.user, p.conn.LocalAddr()) }

// Register registers, or renews the registration; with no time it ends it. The test fails where Asterisk refuses.
func (p *SIPPhone) Register(lasts time.Duration) {
	p.tb.Helper()
	answer := p.send(lasts, "")
	if strings.HasPrefix(answer, "SIP/2.0 401") {
		answer = p.send(lasts, p.authorization(answer))
	}
	if !strings.HasPrefix(answer, "SIP/2.0 200") {
		status, _, _ := strings.Cut(answer, "\r\n")
		p.tb.Fatalf("REGISTER of %s: %s", p.user, status)
	}
}

// register is a REGISTER, with words in capitals for what differs.
const register = `REGISTER sip:SERVER SIP/2.0
Via: SIP/2.0/UDP LOCAL;branch=z9hG4bKSEQUENCE
Max-Forwards: 70
From: <sip:USER@SERVER>;tag=oracle
To: <sip:USER@SERVER>
Call-ID: USER-LOCAL
CSeq: SEQUENCE REGISTER
Contact: <CONTACT>
Expires: LASTS
User-Agent: AGENT
AUTHORIZATIONContent-Length: 0

`

// send sends a REGISTER until there is an answer.
func (p *SIPPhone) send(lasts time.Duration, authorization string) string {
	p.tb.Helper()
	p.sequence++
	local := p.conn.LocalAddr()
	text := strings.NewReplacer("SERVER", p.server, "LOCAL", local.String(), "USER", p.user, "SEQUENCE", fmt.Sprint(p.sequence), "CONTACT", p.Contact(),
		"LASTS", fmt.Sprint(int(lasts.Seconds())), "AGENT", p.agent, "AUTHORIZATION", authorization, "\n", "\r\n").Replace(register)
	buffer := make([]byte, 8192)
	for end := time.Now().Add(sipTimeout); time.Now().Before(end); {
		if _, err := p.conn.Write([]byte(text)); err != nil {
			p.tb.Fatal(err)
		}
		p.conn.SetReadDeadline(time.Now().Add(sipTimeout / 10))
		for {
			n, err := p.conn.Read(buffer)
			if err != nil {
				break // UDP: it is sent again
			}
			answer := string(buffer[:n])
			if strings.HasPrefix(answer, "SIP/2.0 ") && strings.Contains(answer, fmt.Sprintf("CSeq: %d REGISTER", p.sequence)) {
				return answer
			}
		}
	}
	p.tb.Fatalf("REGISTER of %s: no answer", p.user)
	return ""
}

var challengePart = regexp.MustCompile(`(\w+)="([^"]*)"`)

// authorization answers a challenge (RFC 2617).
func (p *SIPPhone) authorization(challenge string) string {
	part := map[string]string{}
	for _, m := range challengePart.FindAllStringSubmatch(challenge, -1) {
		part[m[1]] = m[2]
	}
	uri := "sip:" + p.server
	secret, request := hash(p.user+":"+part["realm"]+":"+p.password), hash("REGISTER:"+uri)
	response, more := hash(secret+":"+part["nonce"]+":"+request), ""
	if strings.Contains(challenge, "qop=") {
		response = hash(secret + ":" + part["nonce"] + ":00000001:oracle:auth:" + request)
		more = `,qop=auth,nc=00000001,cnonce="oracle"`
	}
	if part["opaque"] != "" {
		more += `,opaque="` + part["opaque"] + `"`
	}
	return fmt.Sprintf("Authorization: Digest username=%q,realm=%q,nonce=%q,uri=%q,response=%q,algorithm=MD5%s\r\n",
		p.user, part["realm"], part["nonce"], uri, response, more)
}

func hash(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}
