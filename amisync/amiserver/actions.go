package amiserver

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// act answers an action of a session that is logged in.
func (s *Session) act(action Message) {
	switch strings.ToLower(action["Action"]) {
	case "ping":
		s.answer(action, "Success", "Ping", "Pong", "Timestamp", "0.000000")
	case "events":
		on := !strings.EqualFold(action["EventMask"], "off")
		s.setEvents(on)
		s.answer(action, "Success", "Events", map[bool]string{true: "On", false: "Off"}[on])
	case "coresettings":
		s.answer(action, "Success", "AMIversion", "11.0.0", "AsteriskVersion", s.server.o.Version)
	case "getconfig":
		s.getConfig(action)
	case "getvar":
		s.getvar(action)
	case "dbget":
		s.dbGet(action)
	case "dbput":
		s.server.putEntry(action["Family"]+"/"+action["Key"], action["Val"])
		s.answer(action, "Success", "Message", "Updated database successfully")
	case "dbdel":
		if s.server.deleteEntries(action["Family"]+"/"+action["Key"]) == 0 {
			s.fail(action, "Database entry could not be deleted")
			return
		}
		s.answer(action, "Success", "Message", "Key deleted successfully")
	case "dbdeltree":
		if s.server.deleteEntries(action["Family"]+"/") == 0 {
			s.fail(action, "Database entry not found")
			return
		}
		s.answer(action, "Success", "Message", "Key tree deleted successfully")
	case "pjsipshowendpoint":
		s.showEndpoint(action)
	case "pjsipshowendpoints":
		s.showEndpoints(action)
	case "pjsipshowcontacts":
		s.showContacts(action)
	case "pjsipnotify":
		s.notify(action)
	case "iaxpeers":
		s.peers(action, "iax.conf", "IAX2", "(null)", false)
	case "sippeers":
		if !s.server.o.SIP {
			s.unknown(action)
			return
		}
		s.peers(action, "sip.conf", "SIP", "-none-", true)
	default:
		s.unknown(action)
	}
}

func (s *Session) unknown(action Message) {
	s.fail(action, fmt.Sprintf("Invalid/unknown command: %s. Use Action: ListCommands to show available commands.", action["Action"]))
}

func (s *Session) getConfig(action Message) {
	name := action["Filename"]
	if name == "" {
		s.fail(action, "Filename not specified")
		return
	}
	if !filepath.IsLocal(name) {
		s.fail(action, "File requires escalated privileges")
		return
	}
	file, err := s.load(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.fail(action, "Config file not found")
	case err != nil:
		s.fail(action, "Config file has invalid format")
	default:
		s.answer(action, "Success", tree(file, action["Category"])...)
	}
}

func (s *Session) load(name string) (*astconf.File, error) {
	loader := astconf.Loader{Dir: s.server.o.Dir}
	return loader.Load(name)
}

// tree returns the lines of GetConfig for a file: all categories, or those with one name, numbered from 0.
func tree(file *astconf.File, only string) []string {
	var fields []string
	i := -1
	for _, c := range file.Categories {
		if only != "" && c.Name != only {
			continue
		}
		i++
		fields = append(fields, fmt.Sprintf("Category-%06d", i), c.Name)
		if len(c.Bases) > 0 {
			fields = append(fields, fmt.Sprintf("Templates-%06d", i), strings.Join(c.Bases, ","))
		}
		j := 0
		for v := range c.Vars() {
			fields = append(fields, fmt.Sprintf("Line-%06d-%06d", i, j), v.Name+"="+v.Value)
			j++
		}
	}
	return fields
}

// peers lists the sections of a file of SIP or IAX2 peers. The entries of IAX2 have no ActionID.
func (s *Session) peers(action Message, name, driver, nowhere string, tagged bool) {
	s.answer(action, "Success", "EventList", "start", "Message", "Peer status list will follow")
	count := 0
	file, err := s.load(name)
	if err != nil {
		file = &astconf.File{}
	}
	for _, c := range file.Categories {
		host, ok := c.Last("host")
		if !ok {
			continue
		}
		count++
		address, port, status := host.Value, "5060", "Unmonitored"
		if host.Value == "dynamic" {
			address, port = nowhere, "0"
			if yes(last(c, "qualify")) {
				status = "UNKNOWN"
			}
		}
		fields := []string{"Event", "PeerEntry"}
		if tagged {
			fields = head("Event", "PeerEntry", action)
		}
		s.Send(append(fields, "Channeltype", driver, "ObjectName", c.Name, "ChanObjectType", "peer",
			"IPaddress", address, "IPport", port, "Status", status)...)
	}
	s.complete(action, "PeerlistComplete", count)
}

// complete ends a list answer.
func (s *Session) complete(action Message, event string, items int) {
	s.Send(append(head("Event", event, action), "EventList", "Complete", "ListItems", fmt.Sprint(items))...)
}
