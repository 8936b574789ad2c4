package dialplan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestVariables(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"no variable", ""},
		{"${A}\n ${B:1:2}", "A@1:1 B@2:2"},
		{"${${C}}", "C@1:3"},
		{"${A${C}}", "C@1:4"},
		{"${LEN(${A})}$[${B} + ${C}]", "A@1:7 B@1:15 C@1:22"},
		{"${CUT(A,-,1)} ${CUT(${A},-,1)}", "A@1:1 A@1:21"},
		{"${EXISTS(${A})}${ISNULL(${B})}${VARIABLE_EXISTS(C)}", "A@1:10? B@1:25? C@1:31?"},
		{"${IF(${A}?${B}:${C})}", "A@1:6? B@1:11 C@1:16"},
		{"${IF($[${A} = 1]?${B})}", "A@1:8 B@1:18"},
		{`$["${A}" = ""]$["${B}" = "x"]`, "A@1:4? B@1:18"},
		{"${A", ""},
		{"${}", ""},
	} {
		var got []string
		for _, v := range Parse("t", row.text).Variables() {
			text := fmt.Sprintf("%s@%d:%d", v.Name, v.Line, v.Col)
			if v.Tested {
				text += "?"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%q: got %q, want %q", row.text, strings.Join(got, " "), row.want)
		}
	}
}

func TestUnclosed(t *testing.T) {
	for _, row := range []struct {
		text string
		want []string
	}{
		{"${A} $[1] ${LEN(x)}", nil},
		{"a\n${A", []string{"t:2:1: missing '}'"}},
		{"$[1+${A}", []string{"t:1:1: missing ']'"}},
		{"${IF(1?${A)}", []string{"t:1:1: missing '}'"}},
		{"${LEN(x}", []string{"t:1:1: missing ')'"}},
		{"$[${LEN(x)}", []string{"t:1:1: missing ']'"}},
		{"$ {A", nil},
	} {
		var got []string
		for _, d := range Parse("t", row.text).Unclosed() {
			got = append(got, d.String())
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%q: got %q, want %q", row.text, got, row.want)
		}
	}
}

func TestCallArguments(t *testing.T) {
	var got []string
	for _, c := range Parse("t", "${STAT(e|${A}.cfg)}${UUID()}${LEN(x}").WrittenCalls() {
		got = append(got, c.Name+"("+c.Args+")")
	}
	if want := []string{"STAT(e|${A}.cfg)", "UUID()", "LEN(x)"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
