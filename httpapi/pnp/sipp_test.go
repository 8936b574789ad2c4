package pnp

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// scenario plays a Yealink phone without a server. It fails unless the NOTIFY has a URL of ours.
const scenario = `<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario name="PnP">
<send retrans="500"><![CDATA[
SUBSCRIBE sip:MAC%3a805e0c4d796d@224.0.1.75 SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: <sip:MAC%3a805e0c4d796d@224.0.1.75>;tag=[call_number]
To: <sip:MAC%3a805e0c4d796d@224.0.1.75>
Call-ID: [call_id]
CSeq: 1 SUBSCRIBE
Contact: <sip:MAC%3a805e0c4d796d@[local_ip]:[local_port]>
Max-Forwards: 70
User-Agent: Yealink SIP-T53W 96.87.0.16 80:5e:0c:4d:79:6d
Event: ua-profile;profile-type="device";vendor="Yealink";model="T53W";version="96.87.0.16"
Expires: 0
Accept: application/url
Content-Length: 0

]]></send>
<recv response="200"/>
<recv request="NOTIFY"><action>
<ereg regexp="application/url" search_in="hdr" header="Content-Type:" check_it="true" assign_to="type"/>
<ereg regexp="http://192\.0\.2\.1:8080/phoneprov/once-[0-9a-f]+/$" search_in="body" check_it="true" assign_to="url"/>
<log message="[$type] [$url]"/>
</action></recv>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
`

// A real SIP stack in another network namespace asks the multicast group as a phone does, and gets the URL. Another
// program has port 5060, as Asterisk does.
func TestSipp(t *testing.T) {
	oracle.NeedProgram(t, "sipp")
	testkit.InOwnNetwork(t, true, func(t *testing.T, phone testkit.Phone) {
		asterisk, err := Listen(testkit.ServerAddress + ":5060")
		if err != nil {
			t.Fatal(err)
		}
		defer asterisk.Close()
		sockets, err := Listen("224.0.1.75:5060")
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t, sockets, "http://"+testkit.ServerAddress+":8080/phoneprov/"+once+"/")
		file := testkit.Write(t, filepath.Join(t.TempDir(), "pnp.xml"), scenario)
		out, err := phone("sipp", "-sf", file, "-m", "1", "-nostdin", "-timeout", "30s", "-timeout_error", "-i", testkit.PhoneAddress, "224.0.1.75:5060").CombinedOutput()
		if err != nil {
			t.Errorf("sipp: %v: %s", err, out)
		}
		testkit.Eventually(t, "the log says that the phone took the URL", func() bool { return strings.Contains(b.log.String(), `"status":200,"message":"the phone has taken`) })
	})
}
