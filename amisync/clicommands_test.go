package amisync

import (
	"slices"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

func TestCommandLine(t *testing.T) {
	reload := func(module, status string) ami.Message {
		return ami.Message{"Event": "Reload", "Module": module, "Status": status}
	}
	begin := reload(notifyModule, "2")
	late := ami.Message{"late": "yes"} // stands for a pause longer than wordsWithin
	for _, tt := range []struct {
		name   string
		events []ami.Message
		words  []string
		others int // events that belong to no command
	}{
		{"MACs", []ami.Message{begin, reload("0004f2000001", "2"), reload("00:04:F2:00:00:02", "2")}, []string{"0004f2000001", "0004f2000002"}, 0},
		{"words", []ami.Message{begin, reload("stale", "2"), reload("confirm", "2")}, []string{"stale", "confirm"}, 0},
		{"nothing", []ami.Message{begin}, nil, 0},
		{"without the command", []ami.Message{reload("0004f2000001", "2"), reload("stale", "2")}, nil, 2},
		{"after another word", []ami.Message{begin, reload("everything", "2"), reload("stale", "2")}, nil, 2},
		{"after a reload", []ami.Message{begin, reload("res_pjsip.so", "0"), reload("stale", "2")}, nil, 2},
		{"of a module that there is", []ami.Message{begin, reload("stale", "0")}, nil, 1},
		{"of a command that is a module", []ami.Message{reload(notifyModule, "0"), reload("stale", "2")}, nil, 2},
		{"late", []ami.Message{begin, late, reload("stale", "2")}, nil, 1},
		{"twice", []ami.Message{begin, reload("stale", "2"), begin, reload("confirm", "2")}, []string{"stale", "confirm"}, 0},
		{"our reload", []ami.Message{begin, reload("phoneprov", "2")}, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var l commandLine
			now := time.Now()
			var words []string
			others := 0
			for _, m := range tt.events {
				if m["late"] != "" {
					now = now.Add(wordsWithin)
					continue
				}
				word, ours := l.take(m, now)
				if word != "" {
					words = append(words, word)
				}
				if !ours {
					others++
				}
			}
			if !slices.Equal(words, tt.words) || others != tt.others {
				t.Errorf("got %q and %d others, want %q and %d", words, others, tt.words, tt.others)
			}
		})
	}
}
