package provision

import (
	"context"
	"errors"
	"testing"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

func TestGlobals(t *testing.T) {
	c := config(t, map[string]string{
		"phoneprov.conf":  "[general]\ndefault_profile=p\n[p]\n${SITE}-${MAC}.cfg => t\n",
		"users.conf":      "[a]\nautoprov=yes\nmacaddress=000000000001\n",
		"extensions.conf": "[globals]\nSITE=vienna\nASKED=${DB(a/b)}!\nUSERNAME=never\n",
	})
	r, _ := renderer(t, map[string]string{"t": "${SITE} ${ASKED} ${USERNAME}"})
	s, diags, err := Build(context.Background(), Input{Config: c}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	want := `extensions.conf:3: warning: global variable ASKED needs a function of Asterisk, and there is no AMI to ask: it is empty`
	if len(diags) != 1 || diags[0].String() != want {
		t.Errorf("got %q, want %q", diags, want)
	}
	if got, err := render(t, r, s, "vienna-000000000001.cfg", Request{}); err != nil || got != "vienna  a" {
		t.Errorf("got %q (%v)", got, err)
	}
	in := Input{Config: c, Ask: func(context.Context, string) (string, error) { return "answer", nil }}
	if s, _, err = Build(context.Background(), in, testNow); err != nil {
		t.Fatal(err)
	}
	if got, err := render(t, r, s, "vienna-000000000001.cfg", Request{}); err != nil || got != "vienna answer! a" {
		t.Errorf("got %q (%v)", got, err)
	}
	in.Ask = func(context.Context, string) (string, error) { return "", errors.New("connection lost") }
	if s, _, err := Build(context.Background(), in, testNow); s != nil || !errors.Is(err, dialplan.ErrCannotAsk) {
		t.Errorf("got %v, %v, want ErrCannotAsk", s, err)
	}
}
