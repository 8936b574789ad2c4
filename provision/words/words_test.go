package words

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

var verb = regexp.MustCompile(`%[a-z]`)

// Every language has every key of English, with the same verbs, and each state with its meaning. Its only other keys
// are those of phoneprov's sentences.
func TestLanguagesAreWhole(t *testing.T) {
	if len(All()) < 2 || English().Tag != Standard {
		t.Fatalf("got %d languages, the first is %q", len(All()), English().Tag)
	}
	for _, l := range All()[1:] {
		want := map[string]string{}
		for key, text := range English().words {
			want[key] = text
		}
		for _, d := range ledger.States() {
			want["state."+string(d.State)], want["state."+string(d.State)+".means"] = d.Text, d.Means
		}
		for key, english := range want {
			text, ok := l.words[key]
			if !ok || text == "" {
				t.Errorf("%s lacks %q (%s)", l.Tag, key, english)
			}
			if got, want := strings.Join(verb.FindAllString(text, -1), " "), strings.Join(verb.FindAllString(english, -1), " "); ok && got != want {
				t.Errorf("%s: %q has the verbs %q, want %q", l.Tag, key, got, want)
			}
		}
		for key := range l.words {
			if _, ok := want[key]; !ok && !strings.HasPrefix(key, "said.") {
				t.Errorf("%s has %q, which English lacks", l.Tag, key)
			}
		}
	}
}

// English has a text for each kind of event and for each Registration.
func TestEnglishHasTheLedgersWords(t *testing.T) {
	var keys []string
	for _, kind := range ledger.EventKinds() {
		keys = append(keys, "kind."+string(kind))
	}
	for _, r := range []ledger.Registration{ledger.RegistrationUnknown, ledger.NotRegistered, ledger.RegisteredBefore, ledger.RegisteredSince} {
		keys = append(keys, "registration."+string(r))
	}
	for _, key := range keys {
		if _, ok := English().Find(key); !ok {
			t.Errorf("no %q", key)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, row := range []struct{ chosen, accept, want string }{
		{"", "", "en"},
		{"", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"},
		{"", "zh", "zh-CN"},
		{"", "zh-Hans-SG, en;q=0.5", "zh-CN"},
		{"", "en-GB,en;q=0.9,zh;q=0.8", "en"},
		{"", "de, zh-cn;q=0.3", "zh-CN"},
		{"", "de, en;q=0.3, zh;q=0.7", "zh-CN"},
		{"", "fr", "en"},
		{"", "zh;q=0", "en"},
		{"", "zh;q=x, ;;,,", "en"},
		{"", "*", "en"},
		{"zh-CN", "en", "zh-CN"},
		{"en", "zh", "en"},
		{"tlh", "zh", "zh-CN"},
		{"../../etc", "", "en"},
	} {
		if got := Choose(row.chosen, row.accept).Tag; got != row.want {
			t.Errorf("chosen %q, Accept-Language %q: got %s, want %s", row.chosen, row.accept, got, row.want)
		}
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for ago, want := range map[time.Duration]string{
		0: "just now", 4 * time.Second: "just now", 5 * time.Second: "5 s ago", 59 * time.Second: "59 s ago", time.Minute: "1 min ago",
		59 * time.Minute: "59 min ago", time.Hour: "1 h ago", 47 * time.Hour: "47 h ago", 48 * time.Hour: "2 days ago", 1000 * time.Hour: "41 days ago",
	} {
		at := now.Add(-ago)
		if got := English().Ago(&at, now); got != want {
			t.Errorf("%v: got %q, want %q", ago, got, want)
		}
	}
	if got := English().Ago(nil, now); got != "never" {
		t.Errorf("no time: got %q", got)
	}
	later := now.Add(time.Hour)
	if got, want := English().Ago(&later, now), later.Local().Format(time.DateTime); got != want {
		t.Errorf("a time to come: got %q, want %q", got, want)
	}
}

func TestTexts(t *testing.T) {
	zh := Choose("zh-CN", "")
	for got, want := range map[string]string{
		English().Count("phones", 1): "1 phone", English().Count("phones", 0): "0 phones", English().Count("phones", 123456): "123\u2009456 phones",
		zh.Count("phones", 2): "2 部话机", English().Text("no such key"): "no such key", zh.Text("pager.at", "1", "2"): "第 1 页，共 2 页",
		zh.Said("address not allowed"): "地址不允许", zh.Said("A sentence of a template's author"): "A sentence of a template's author",
		English().Said("Address not allowed"): "Address not allowed", Number(-12345): "-12\u2009345", Number(9999): "9999",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
