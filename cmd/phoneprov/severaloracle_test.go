package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// severalPhones is how many phones each Asterisk of TestSeveralAsterisks has. All have the same extensions.
const severalPhones = 20

// severalPBX is a real Asterisk of TestSeveralAsterisks.
type severalPBX struct {
	*oracle.Asterisk
	name string
	macs string // the beginning of its phones' MACs

	running atomic.Bool
	answers atomic.Int64 // rounds of its phones
}

// users returns the users file. All phones have the label.
func (p *severalPBX) users(label string) string {
	var b strings.Builder
	for i := range severalPhones {
		fmt.Fprintf(&b, "[60%02d]\nusername=60%02[1]d\nautoprov=yes\nmacaddress=%s%02d\nlabel=%s\nsecret=secret-60%02[1]d\n", i, p.macs, i, label)
	}
	return b.String()
}

// startSeveral starts an Asterisk whose database says its name.
func startSeveral(t *testing.T, suite, name, macs string) *severalPBX {
	t.Helper()
	p := &severalPBX{name: name, macs: macs}
	p.Asterisk = oracle.Start(t, oracle.Options{Suite: suite, Files: map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t.cfg\nasks-${MAC}.cfg => asks.cfg\n",
		"users.conf":     p.users("first"),
	}})
	p.WriteData(t, "t.cfg", "${PP_PBX} ${USERNAME} ${LABEL}\n")
	p.WriteData(t, "asks.cfg", "${DB(here/name)}\n")
	p.nameItself(t)
	return p
}

// nameItself puts the name of the Asterisk into its database.
func (p *severalPBX) nameItself(t *testing.T) {
	t.Helper()
	p.CLI(t, "database put here name "+p.name)
}

// load asks for the files of an Asterisk's phones until stop is closed. It counts the answers, and fails the test where one
// is not the phone's own file, or where an answer of a running Asterisk is missing.
func (p *severalPBX) load(t *testing.T, address string, stop <-chan struct{}) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := 0; ; i = (i + 1) % severalPhones {
		select {
		case <-stop:
			return
		default:
		}
		status, body, err := fetchSeveral(client, fmt.Sprintf("http://%s/phoneprov/%s%02d.cfg", address, p.macs, i))
		if prefix := fmt.Sprintf("%s 60%02d ", p.name, i); err != nil || status != http.StatusOK || !strings.HasPrefix(body, prefix) {
			t.Errorf("%s: phone %d got %d %q, %v", p.name, i, status, body, err)
			return
		}
		was := p.running.Load()
		status, body, err = fetchSeveral(client, fmt.Sprintf("http://%s/phoneprov/asks-%s%02d.cfg", address, p.macs, i))
		answered := status == http.StatusOK && body == p.name+"\n"
		lacks := status == http.StatusServiceUnavailable || status == http.StatusOK && body == "\n" // a killed Asterisk has lost its database
		if err != nil || !answered && (!lacks || was && p.running.Load()) {
			t.Errorf("%s: phone %d got %d %q, %v for an answer of Asterisk", p.name, i, status, body, err)
			return
		}
		p.answers.Add(1)
	}
}

func fetchSeveral(client *http.Client, url string) (status int, body string, err error) {
	res, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// Asterisk 22 and 16 at once. Each is killed and started again with other users while all phones fetch: no phone of either
// loses a request, the answers of the other one are not missed, and its own changes come when it is back.
func TestSeveralAsterisks(t *testing.T) {
	t.Parallel()
	east := startSeveral(t, oracle.Forky, "east", "0004f20001")
	west := startSeveral(t, oracle.Bullseye, "west", "0004f20002")
	ini := fmt.Sprintf("[http]\nlisten = 127.0.0.1:0\n[admin]\nlisten = 127.0.0.1:0\n[state]\ndir = %s\n", t.TempDir()) +
		fmt.Sprintf("[asterisk]\nname = east\ndata_dir = %s\n[ami]\naddress = %s\nusername = %s\nsecret = %s\n", east.DataDir, east.AMI, oracle.User, oracle.Secret) +
		fmt.Sprintf("[asterisk west]\ndata_dir = %s\n[ami west]\naddress = %s\nsecret = %s\n", west.DataDir, west.AMI, oracle.Secret)
	s := serveSeveral(t, testkit.Write(t, filepath.Join(t.TempDir(), "several.ini"), ini))
	testkit.Eventually(t, "both are read", func() bool {
		snapshot := s.options.Store.Load()
		return snapshot != nil && len(snapshot.Missing) == 0 && snapshot.Counts().Phones == 2*severalPhones
	})
	if pbxs := s.summary().PBXs; !strings.HasPrefix(pbxs[0].AMI.AsteriskVersion, "22") || !strings.HasPrefix(pbxs[1].AMI.AsteriskVersion, "16") {
		t.Errorf("got %+v", pbxs)
	}
	stop := make(chan struct{})
	var fetching sync.WaitGroup
	for _, p := range []*severalPBX{east, west} {
		p.running.Store(true)
		for range 2 {
			fetching.Go(func() { p.load(t, s.phones.Addr().String(), stop) })
		}
	}
	for i, p := range []*severalPBX{west, east} {
		at := 1 - i // its place in the settings
		p.running.Store(false)
		p.Kill(t)
		testkit.Eventually(t, p.name+" is lost", func() bool { return !s.summary().PBXs[at].AMI.Connected })
		p.Write(t, "users.conf", p.users("second"))
		ofEast, ofWest := east.answers.Load(), west.answers.Load()
		testkit.Eventually(t, "all phones are served while "+p.name+" is down", func() bool {
			return east.answers.Load() >= ofEast+3*severalPhones && west.answers.Load() >= ofWest+3*severalPhones
		})
		if pbxs := s.summary().PBXs; pbxs[at].LastError == "" || pbxs[1-at].LastError != "" || !pbxs[1-at].AMI.Connected {
			t.Errorf("%s is down: got %+v", p.name, pbxs)
		}
		p.Boot(t)
		p.nameItself(t)
		s.expect(p.macs+"07.cfg", "200 "+p.name+" 6007 second")
		s.expect("asks-"+p.macs+"07.cfg", "200 "+p.name)
		p.running.Store(true)
	}
	close(stop)
	fetching.Wait()
	t.Logf("%d and %d rounds", east.answers.Load(), west.answers.Load())
	noSecrets(t, "the log", s.log.String())
}
