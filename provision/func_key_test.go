package provision

import (
	"strings"
	"testing"
)

func TestEachKey(t *testing.T) {
	const all = "${PP_EACH_KEY(%{KEY}|%{KEY_NUMBER}|%{KEY_LABEL}|%{KEY_BLF};)}"
	for _, row := range []struct{ name, options, template, want string }{
		{"none", "", all, ""},
		{"a number alone", "blf1=6002", all, "1|6002|6002|1;"},
		{"a label", "blf1 = 6002 , Bob B ", all, "1|6002|Bob B|1;"},
		{"a label with commas", "blf1=6002,Bob, the builder", all, "1|6002|Bob, the builder|1;"},
		{"a speed dial", "blf1=0301,Mum,speed", all, "1|0301|Mum|0;"},
		{"a speed dial, in any case and without a label", "blf1=0301, SPEED", all, "1|0301|0301|0;"},
		{"a label that is called speed", "blf1=0301,speed,blf", all, "1|0301|speed|1;"},
		{"no number", "blf1=,Bob", all, ""},
		{"an empty option", "blf1=", all, ""},
		{"by number, with gaps, as it is written", "blf10=j\nBLF2=b\nblf1=a", all, "1|a|a|1;2|b|b|1;10|j|j|1;"},
		{"of one that stands twice the last", "blf1=a\nblf1=b", all, "1|b|b|1;"},
		{"what is no key", "blf=a\nblf0=a\nblf01=a\nblf-1=a\nblfx=a\nblf1000=a\nblf99999999999999999999=a", all, ""},
		{"values are no template", "blf1=${MAC},%{MAC} $[1+1]", all, "1|${MAC}|%{MAC} $[1+1]|1;"},
		{"quotes and brackets", `blf1=60"02,B(o]b`, all, `1|60"02|B(o]b|1;`},
		{"lamps only", "blf1=a\nblf2=b,,speed\nblf3=c", "${PP_EACH_KEY(%{KEY_NUMBER},blf)}", "ac"},
		{"speed dials only", "blf1=a\nblf2=b,,speed\nblf3=c", "${PP_EACH_KEY(%{KEY_NUMBER}, speed )}", "b"},
		{"up to a number", "blf1=a\nblf2=b,,speed\nblf3=c", "${PP_EACH_KEY(%{KEY_NUMBER},,2)}|${PP_EACH_KEY(%{KEY_NUMBER},blf,$[1+2])}|${PP_EACH_KEY(%{KEY_NUMBER},,-1)}", "ab|ac|"},
		{"within functions", "blf1=a\nblf2=b,,speed", "${PP_EACH_KEY(%{MATH(%{KEY}+${LINE},int)}=%{IF(%{KEY_BLF}?lamp:dial)}\\,%{TOUPPER(%{KEY_NUMBER})};)}", "2=lamp,A;3=dial,B;"},
		{"with the line's variables and the profile's", "blf1=a", "${PP_EACH_KEY(%{USERNAME}/%{SET}/%{PP_USER(blf1)})}", "6001/s/a"},
		{"not outside", "blf1=a", "[${KEY}${KEY_NUMBER}]${PP_EACH_KEY(%{KEY})}[${KEY}]", "[]1[]"},
		{"escaped in XML", `blf1=1&2,"<Bob>"`, "<k>${PP_EACH_KEY(<a n=\"%{KEY_NUMBER}\">%{KEY_LABEL}</a>)}</k>", `<k><a n="1&amp;2">&quot;&lt;Bob&gt;&quot;</a></k>`},
		{"of [general] too", "[general]", all, "3|park|park|1;"},
		{"of each line", "blf1=a", "${PP_EACH_EXTENSION(${MAC},l)}", "6001:a 6002:z "},
	} {
		t.Run(row.name, func(t *testing.T) {
			general := "[general]\n"
			if options, ok := strings.CutPrefix(row.options, "[general]"); ok {
				general += "blf3=park\n"
				row.options = options
			}
			s, _ := build(t, map[string]string{
				"phoneprov.conf": "[p]\nsetvar => SET=s\n${MAC}.cfg => t\n",
				"users.conf": general + "[6001]\nautoprov=yes\nprofile=p\nmacaddress=000000000001\n" + row.options + "\n" +
					"[6002]\nautoprov=yes\nprofile=p\nmacaddress=000000000001\nlinenumber=2\nblf1=z\n",
			})
			r, _ := renderer(t, map[string]string{"t": row.template, "l": "${PP_EACH_KEY(%{USERNAME}:%{KEY_NUMBER} )}"})
			got, err := render(t, r, s, "000000000001.cfg", Request{})
			if err != nil || got != row.want {
				t.Errorf("%s\n got %q (%v)\nwant %q", row.template, got, err, row.want)
			}
		})
	}
}

// PP_ENDPOINT returns its default for an option without a value. It does the same, without a diagnostic, for a line
// without an endpoint.
func TestEndpointDefault(t *testing.T) {
	s, _ := build(t, optionFiles)
	for mac, want := range map[string]string{"000000000001": "none|a,b|", "000000000007": "live|a,b|"} {
		r, _ := renderer(t, map[string]string{"t": "${PP_ENDPOINT(context,none)}|${PP_ENDPOINT(nosuch,a,b)}|${PP_ENDPOINT(nosuch,)}"})
		doc, err := r.Render(t.Context(), s, s.Lookup(mac+".cfg"), Request{Now: testNow})
		if err != nil || len(doc.Diagnostics) > 0 {
			t.Fatal(err, doc.Diagnostics)
		}
		if got, err := render(t, r, s, mac+".cfg", Request{}); err != nil || got != want {
			t.Errorf("%s: got %q (%v), want %q", mac, got, err, want)
		}
	}
}
