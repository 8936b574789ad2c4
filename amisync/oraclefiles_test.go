package amisync

import ()

// The least rights that phoneprov needs, as measured: see doc.go.
const leastRights = "read=system,call\nwrite=system,reporting\n"

var oracleFiles = map[string]string{
	"manager.conf": "[general]\nenabled=yes\nbindaddr=0.0.0.0\nport=5038\n" +
		"[phoneprov]\nsecret=" + testSecret + "\n" + leastRights +
		"[nothing]\nsecret=" + testSecret + "\nread=\nwrite=\n" + rightsAccounts(),
	"phoneprov.conf": "[general]\nserveraddr=192.0.2.1\n[p]\nsetvar => A=${LEN(x)}\n${MAC}.cfg => x.cfg\n",
	"users.conf": `[general]
;-- a
block --;
[base](!)
b = 2
[other](!,base)
x = 1
[6001](base,other)
autoprov=yes
macaddress=001122334455
profile=p
username=6001
secret=very-secret ; no
fullname = Größe "x" & <y>\;z
empty=
a => b=c
[6001](+)
label=l
`,
	"pjsip.conf": `[udp]
type=transport
protocol=udp
bind=0.0.0.0:5070
[6002]
type=endpoint
transport=udp
callerid="A A" <6002>
context=in&out
dtmf_mode=info
call_group=1,3-4
named_call_group=sales,it
rtp_symmetric=yes
set_var=A=1
set_var=B=2
auth=a1,a2
aors=6002
[a2]
type=auth
username=u2
password=p2
[a1]
type=auth
auth_type=userpass
username=u1
password=p=1 2
[6002]
type=aor
max_contacts=1
[a2](+)
auth_type=userpass
[bare]
type=endpoint
[free]
type=endpoint
aors=free
[free]
type=aor
max_contacts=1
[fixed]
type=aor
contact=sip:x@127.0.0.1:9
qualify_frequency=1
[fixed]
type=endpoint
aors=fixed
[pp1]
type=phoneprov
endpoint=6002
MAC=aabbccddee01
PROFILE=p
[pp2]
type=phoneprov
endpoint=gone
MAC=aabbccddee02
PROFILE=p
`,
	"pjsip_wizard.conf": `[wiz]
type=wizard
transport=udp
accepts_auth=yes
accepts_registrations=yes
has_phoneprov=yes
phoneprov/MAC=aabbccddee03
phoneprov/PROFILE=p
inbound_auth/username=wu
inbound_auth/password=wp
endpoint/callerid=W <77>
endpoint/context=wiz
`,
	"extensions.conf": `[general]
static=yes
[globals]
A=1
B => ${A}
[default]
exten => 1,1,NoOp
`,
	"func_odbc.conf": "[general]\n[NAME]\ndsn=d\nreadsql=SELECT 1\n",
	"sorcery.conf":   "[test_sorcery_section]\ntest=memory\n",
	"sip.conf":       "[general]\n[s1]\ntype=friend\nhost=dynamic\n", "iax.conf": "[general]\n[i1]\ntype=friend\nhost=dynamic\n",
}
