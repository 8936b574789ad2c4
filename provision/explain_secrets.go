package provision

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// mayBeSecret reports whether Asterisk's answer to a call may be a password. It may, unless the function is known to
// return states, counts, facts of the machine, or results that are computed of its arguments.
func mayBeSecret(call string) bool {
	function, _, _ := strings.Cut(call, "(")
	if function == "EVAL" {
		return !strings.HasPrefix(call, "EVAL($[")
	}
	return !slices.Contains(harmless[:], function)
}

// harmless are the functions whose answers may be shown.
var harmless = [...]string{"ABS", "CHANNELS", "CONFBRIDGE_INFO", "DB_EXISTS", "DB_KEYCOUNT", "DEVICE_STATE", "DIALPLAN_EXISTS",
	"EXTENSION_STATE", "GLOBAL_EXISTS", "GROUP_COUNT", "IFMODULE", "MATH", "PRESENCE_STATE", "QUEUE_EXISTS", "QUEUE_MEMBER_COUNT",
	"QUEUE_WAITING_COUNT", "REGEX", "SYSINFO", "VALID_EXTEN", "VERSION", "VMCOUNT"}

// hidden knows which calls, setvars and globals are hidden by default.
type hidden struct {
	names   []string                // of setvars and globals that are made of a secret
	secrets map[int]map[string]bool // the secrets of all lines, by length
}

func newHidden(s *Snapshot) *hidden {
	h := &hidden{secrets: map[int]map[string]bool{}}
	vars := slices.Clone(s.globals.vars)
	for _, p := range s.profiles {
		vars = append(vars, p.setvars...)
	}
	for more := true; more; { // one may use another, in any order
		more = false
		for _, v := range vars {
			if !slices.Contains(h.names, v.name) && (secretName(v.name) || h.mentions(v.text)) {
				h.names, more = append(h.names, v.name), true
			}
		}
	}
	for _, p := range s.phoneList {
		for _, l := range p.Lines {
			if own, _ := l.own("SECRET"); own.value != "" {
				if h.secrets[len(own.value)] == nil {
					h.secrets[len(own.value)] = map[string]bool{}
				}
				h.secrets[len(own.value)][own.value] = true
			}
		}
	}
	return h
}

// covers reports whether a call or its value may contain a secret: the call's text mentions a secret or computes a
// name, or a line's secret shows.
func (h *hidden) covers(q dialplan.Question, value string) bool {
	return h.coversResult(q.Source, value) || h.shows(q.Call)
}

// coversResult reports whether a value may contain a secret or be computed from one. text is what the value is made of.
func (h *hidden) coversResult(text, value string) bool { return h.mentions(text) || h.shows(value) }

// computedName matches a variable or a function whose name is computed.
var computedName = regexp.MustCompile(`[$%][{]\w*[$%][{]`)

// mentions reports whether a text has the name of a secret variable, or may have one.
func (h *hidden) mentions(text string) bool {
	return secretName(text) || computedName.MatchString(text) ||
		slices.ContainsFunc(strings.FieldsFunc(text, notOfName), func(word string) bool { return slices.Contains(h.names, word) })
}

func notOfName(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// shows reports whether a text contains a line's secret.
func (h *hidden) shows(text string) bool {
	for length, secrets := range h.secrets {
		for i := range len(text) - length + 1 {
			if secrets[text[i:i+length]] {
				return true
			}
		}
	}
	return false
}
