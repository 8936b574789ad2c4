package main

import (
	"bytes"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
)

// askedSecrets is a template whose calls carry secrets in every way, and @26 is in what one of them gives.
const askedSecrets = "${DB(plain/${USERNAME})}\n${DB(own/6003)}\n${DB(x/${SECRET})}\n${DB(x/${SECRET:0:5})}\n${DB(x/${TOUPPER(${SECRET})})}\n" +
	`${NOSUCH(${SECRET})}
${${SECRET}(1)}
${${SECRET:1:5}(1)}
${DB(x/${CUT(SECRET,x,1)})}
${DB(x/${ADMIN_PASSWORD})}
${DB(x/${OTHER})}
${DB(x/${GLOBAL_OTHER})}
` +
	`${PP_EACH_USER(%{DB(x/%{SECRET:0:5})})}
${DB(x/${PP_EACH_USER(%{SECRET:0:4},${MAC})})}
${EVAL(${LABEL})}
${EVAL(${SECRET})}
$[SIN(${SECRET:0:5})]
${VERSION(${USERNAME})}
`

// askingEnv is the environment of laySecrets with an Asterisk that answers every call with the call.
func askingEnv(t *testing.T) lookupEnv {
	t.Helper()
	profile := strings.Replace(secretTree["asterisk/phoneprov.conf"], "setvar => =@11\n",
		"setvar => =@11\nsetvar => OTHER=${BASE64_ENCODE(${SECRET})}\nsetvar => LABEL=$${NOTHING}{DB(x/$${NOTHING}{SECRET:0:6})}\n", 1)
	env := laySecrets(t, map[string]string{
		"data/asked.cfg":           askedSecrets,
		"asterisk/phoneprov.conf":  profile,
		"asterisk/extensions.conf": secretTree["asterisk/extensions.conf"] + "GLOBAL_OTHER=${ADMIN_PIN}\n",
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := env("PHONEPROV_ASTERISK_CONFIG_DIR")
	server := amiserver.New(amiserver.Options{Username: "phoneprov", Secret: "ami-secret", Dir: dir, Function: func(call string) string {
		switch {
		case call == "DB(own/6003)":
			return withSecrets("for 6003: <@26!")
		case strings.HasPrefix(call, "NOSUCH"):
			return ""
		}
		return "gives " + call
	}})
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	ami := map[string]string{"PHONEPROV_AMI_ADDRESS": l.Addr().String(), "PHONEPROV_AMI_SECRET": "ami-secret"}
	return func(name string) (string, bool) {
		if v, ok := ami[name]; ok {
			return v, true
		}
		return env(name)
	}
}

// What is asked of Asterisk is shown, and what of it is secret only where that is asked for.
func TestAskedSecretsStaySecret(t *testing.T) {
	t.Parallel()
	env := askingEnv(t)
	command := func(args ...string) (all string) {
		var out bytes.Buffer
		run(t.Context(), args, env, strings.NewReader(""), &out, &out)
		return out.String()
	}
	expect := func(where, text string, calls int) {
		t.Helper()
		tellsNoSecret(t, where, text)
		if n := strings.Count(text, "asked of Asterisk: "); n < calls {
			t.Errorf("%s shows %d calls, want %d or more:\n%s", where, n, calls, text)
		}
		for _, want := range []string{`"VERSION(6001)" = "gives VERSION(6001)" (`, `"DB(plain/6001)" = "<secret>" (`, `"DB(<secret>)" = "<secret>" (`, `"NOSUCH(<secret>)" = "<secret>" (`, `"a function(<secret>)" = "<secret>" (`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not show %s:\n%s", where, want, text)
			}
		}
	}
	expect("check", command("check"), 60)
	expect("render -explain", command("render", "0004f2000001-asked.cfg", "-explain"), 15)
	for _, phone := range []string{"0004f2000002", "0004f2000003", "0004f2000004", "0004f2000006", "0004f2000007", "0004f2000701"} {
		tellsNoSecret(t, "render -explain of "+phone, command("render", phone, "-explain"))
	}
	open := command("render", "0004f2000001-asked.cfg", "-explain", "-secrets")
	if want := withSecrets(`"DB(x/@21 @21)" = "gives DB(x/@21 @21)" (`); !strings.Contains(open, want) {
		t.Errorf("render -explain -secrets does not show %s:\n%s", want, open)
	}
	log := serveSecrets(t, env, func(v *service) {
		answer, err := v.fetch(http.DefaultClient, "pbx.test", "0004f2000001-asked.cfg")
		if err != nil || answer.Status != 200 || !strings.Contains(answer.Body, "gives DB(plain/6001)") {
			t.Errorf("got %+v, %v", answer, err)
		}
	})
	tellsNoSecret(t, "the log", log)
}
