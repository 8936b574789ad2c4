package dialplan

import (
	"context"
	"strings"
	"testing"
)

// benchText is about 6 kB with 40 substitutions, like the file of a large phone.
var benchText = strings.Repeat(`<phone mac="${MAC}" name="${A}">
  <line index="1" label="${LABEL}" user="${SP:0:5}" secret="${SECRET}"/>
  <setting name="display">$[${NUM} + 1]</setting><upper>${TOUPPER(${A})}</upper>
  <choice>${IF($["${A}"="alpha"]?yes:no)}</choice>
`+strings.Repeat("  <static>a line of the template that nothing is replaced in</static>\n", 14)+"</phone>\n", 5)

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(benchText)))
	b.ReportAllocs()
	for b.Loop() {
		Parse("bench", benchText)
	}
}

func BenchmarkExpand(b *testing.B) {
	t := Parse("bench", benchText)
	values := map[string]string{}
	for _, f := range facts {
		values[f[0]] = f[1]
	}
	for name, v := range userFacts {
		values[name] = v
	}
	env := &Env{Lookup: texts(func(_ context.Context, name string) (string, bool, error) {
		v, ok := values[name]
		return v, ok, nil
	})}
	b.SetBytes(int64(len(benchText)))
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		var err error
		if dst, _, err = t.AppendTo(context.Background(), dst[:0], env); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExpression(b *testing.B) {
	benchOne(b, `$[${NUM} > 41 & "${A}" = "alpha"]`)
}

func BenchmarkRegex(b *testing.B) { benchOne(b, `$["${A}" =~ "l(.)h"]`) }

func BenchmarkStrftime(b *testing.B) { benchOne(b, "${STRFTIME(0,Europe/Berlin,%F %T)}") }

// BenchmarkFunction has the functions that templates use most.
func BenchmarkFunction(b *testing.B) {
	for _, text := range []string{
		"${A}", "${SP:0:5}", "${TOUPPER(${A})}", "${IF($[\"${A}\"=\"alpha\"]?yes:no)}", "${CUT(A,l,1)}", "${REPLACE(A,a,b)}",
		"${FILTER(a-z,${A})}", "${LEN(${A})}", "${MD5(${A})}", "${MATH(1+2,int)}", "${SPRINTF(%05d,${NUM})}", "${URIENCODE(${SP})}",
		"$[${NUM} / 60]",
	} {
		b.Run(text, func(b *testing.B) { benchOne(b, text) })
	}
}

func benchOne(b *testing.B, text string) {
	t, env := Parse("bench", text), rowEnv()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Expand(context.Background(), env); err != nil {
			b.Fatal(err)
		}
	}
}
