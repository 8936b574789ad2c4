package dialplan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// pendingAsker answers a call when it is asked for the second time.
type pendingAsker struct {
	answers map[string]string
	asked   []string // calls since the expansion began
}

func (p *pendingAsker) ask(_ context.Context, call string) (string, error) {
	if v, ok := p.answers[call]; ok {
		return v, nil
	}
	if !slices.Contains(p.asked, call) {
		p.asked = append(p.asked, call)
	}
	return "", fmt.Errorf("%s: %w", call, ErrPending)
}

// TestPending: while an answer is pending, everything that does not need it is evaluated, and nothing else.
func TestPending(t *testing.T) {
	tests := []struct {
		name, in string
		want     string   // the calls of one pass, in order
		ran      []string // calls of RAN, which is evaluated here
	}{
		{"one", "a${X(1)}b", "X(1)", nil},
		{"independent", "${X(1)}${X(2)} ${A} ${X(3)}", "X(1) X(2) X(3)", nil},
		{"the same twice", "${X(1)}${X(1)}", "X(1)", nil},
		{"dependent", "${X(${Y(1)})}", "Y(1)|X(y1)", nil},
		{"dependent and independent", "${X(${Y(1)})}${X(2)}${X(${Y(2)})}", "Y(1) X(2) Y(2)|X(y1) X(y2)", nil},
		{"nested three deep", "${X(${Y(${Z(1)})})}", "Z(1)|Y(z1)|X(yz1)", nil},
		{"two arguments", "${X(${Y(1)},${Y(2)})}", "Y(1) Y(2)|X(y1,y2)", nil},
		{"native function of one", "${RAN(${X(1)})}${X(2)}", "X(1) X(2)", []string{"x1"}},
		{"native function of none", "${X(1)}${RAN(a)}", "X(1)", []string{"a", "a"}},
		{"a computed name", "${${X(1)}(a)}${X(2)}", "X(1) X(2)|x1(a)", nil},
		{"a computed variable", "${${X(1)}}${X(2)}", "X(1) X(2)", nil},
		{"a slice", "${A:${X(1)}}${X(2)}", "X(1) X(2)", nil},
		{"a slice of it", "${X(1):0:1}${X(2)}", "X(1) X(2)", nil},
		{"an expression", "$[${X(1)} = ${X(2)}]${X(3)}", "X(1) X(2) X(3)", nil},
		{"an expression that is asked", "$[SIN(${X(1)})]${X(2)}", "X(1) X(2)|EVAL($[SIN(x1)])", nil},
		{"IF, of which both sides are arguments", "${IF($[${X(1)} = x1]?${X(2)}:${X(3)})}", "X(1) X(2) X(3)", nil},
		{"EVAL of a value", "${EVAL(${ASKS})}${X(2)}", "X(8) X(9) X(2)", nil},
		{"EVAL of what is asked", "${EVAL(${X(1)}${ASKS})}${X(2)}", "X(1) X(2)|X(8) X(9)", nil},
		{"CUT by the name of a function", "${CUT(X(1),-,1)}${X(2)}", "X(1) X(2)", nil},
		{"CUT of a pending field", "${CUT(A,-,${X(1)})}${X(2)}", "X(1) X(2)", nil},
		{"a variable that asks", "${LAZY}${X(2)}${LAZY}", "X(7) X(2)", nil},
		{"CUT of a variable that asks", "${CUT(LAZY,-,1)}${X(2)}", "X(7) X(2)", nil},
		{"a template within", "${INSIDE()}${X(2)}", "X(5) X(6) X(2)", nil},
		{"not closed", "${X(1)${X(2)}", "X(2)|X(1)", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var ran []string
			p := &pendingAsker{answers: map[string]string{}}
			env := pendingEnv(p, &ran)
			var passes []string
			for {
				p.asked = nil
				got, err := Parse("t", tt.in).Expand(context.Background(), env)
				if len(p.asked) == 0 {
					want, wantErr := Parse("t", tt.in).Expand(context.Background(), answeredEnv())
					if got != want || err != nil || wantErr != nil {
						t.Errorf("got %q, %v, want %q, %v", got, err, want, wantErr)
					}
					break
				}
				if !errors.Is(err, ErrPending) || errors.Is(err, ErrCannotAsk) || got != "" {
					t.Fatalf("got %q, %v, want ErrPending", got, err)
				}
				passes = append(passes, strings.Join(p.asked, " "))
				for _, call := range p.asked {
					p.answers[call] = answer(call)
				}
			}
			if got := strings.Join(passes, "|"); got != tt.want || !slices.Equal(ran, tt.ran) {
				t.Errorf("asked %q, ran %q, want %q, %q", got, ran, tt.want, tt.ran)
			}
		})
	}
}

// answer returns the name in lower case with the letters and digits of the arguments.
func answer(call string) string {
	return strings.ToLower(strings.NewReplacer("(", "", ")", "", ",", "").Replace(call))
}

func pendingEnv(p *pendingAsker, ran *[]string) *Env {
	env := &Env{Ask: p.ask}
	inside := Parse("inside", "${X(5)}${X(6)}")
	lazy := Parse("lazy", "${X(7)}")
	env.Lookup = texts(func(ctx context.Context, name string) (string, bool, error) {
		switch name {
		case "A":
			return "alpha", true, nil
		case "ASKS":
			return "${X(8)}${X(9)}", true, nil
		case "LAZY":
			v, err := lazy.Expand(ctx, env)
			return v, true, err
		}
		return "", false, nil
	})
	env.Funcs = map[string]Func{
		"RAN":    textFunc(func(_ context.Context, c *Call) (string, error) { *ran = append(*ran, c.Args); return c.Args, nil }),
		"INSIDE": func(ctx context.Context, c *Call) (Value, error) { return c.Include(ctx, inside, nil) },
	}
	return env
}

// answeredEnv is pendingEnv with all answers at once.
func answeredEnv() *Env {
	env := pendingEnv(&pendingAsker{}, new([]string))
	env.Ask = func(_ context.Context, call string) (string, error) { return answer(call), nil }
	return env
}

// TestPendingLimits: a pending answer does not hide an error.
func TestPendingLimits(t *testing.T) {
	env := &Env{Ask: (&pendingAsker{}).ask, Limits: Limits{Output: 10, Steps: 5, Depth: 3}}
	for in, want := range map[string]error{
		"${X(1)}" + strings.Repeat("a", 11):              ErrTooLong,
		strings.Repeat("${X(1)}", 6):                     ErrTooManySteps,
		"${X(1)}${${${${${A}}}}}":                        ErrTooDeep,
		"${X(1)}${LEN(" + strings.Repeat("a", 100) + ")": ErrPending,
	} {
		if got, err := Parse("t", in).Expand(context.Background(), env); !errors.Is(err, want) || got != "" {
			t.Errorf("%q: got %q, %v, want %v", in, got, err, want)
		}
	}
}

func TestNoFunction(t *testing.T) {
	env := &Env{Ask: func(_ context.Context, call string) (string, error) {
		return "never", fmt.Errorf("x: %w", ErrNoFunction)
	}}
	var said []string
	env.Diag = func(d Diagnostic) { said = append(said, d.String()) }
	got, err := Parse("t", "a${NOPE(x)}b\n ${${A}X(1):1}").Expand(context.Background(), env)
	if want := "ab\n "; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if want := []string{"t:1:2: NOPE: no such function in Asterisk", "t:2:2: a function: no such function in Asterisk"}; !slices.Equal(said, want) {
		t.Errorf("got %q, want %q", said, want)
	}
	if _, err := Parse("t", "$[SIN(1)]").Expand(context.Background(), env); !errors.Is(err, ErrCannotAsk) {
		t.Errorf("an expression without EVAL: got %v, want ErrCannotAsk", err)
	}
}

func TestQuestion(t *testing.T) {
	tests := []struct {
		in   string
		want Question
	}{
		{"\n ${DB(x/${A})}", Question{"DB(x/alpha)", "DB", "t", 2, 2, "DB(x/${A})"}},
		{"${EVAL(${LABEL})}", Question{"DB(alpha)", "a function", "t", 1, 1, "EVAL(${LABEL}) DB(${A})"}},
		{"${LEN(${CUT(DB(${A}),-,1)})}", Question{"DB(alpha)", "a function", "t", 1, 7, "CUT(DB(${A}),-,1) DB(alpha)"}},
		{"$[1 + SIN(${ONE})]", Question{"EVAL($[1 + SIN(1)])", "EVAL", "t", 1, 1, "1 + SIN(${ONE})"}},
		{"${EACH(${A} %{DB(%{A})})}", Question{"DB(alpha)", "a function", "EACH", 1, 7, "EACH(${A} %{DB(%{A})}) DB(${A})"}},
	}
	for _, tt := range tests {
		var got Question
		env := secretEnv("x")
		lookup := env.Lookup
		env.Lookup = func(ctx context.Context, name string) (Value, bool, error) {
			if name == "LABEL" {
				return Value{Text: "${DB(${A})}"}, true, nil
			}
			return lookup(ctx, name)
		}
		env.AskAt = func(_ context.Context, q Question) (Value, error) { got = q; return Value{}, nil }
		if _, err := Parse("t", tt.in).Expand(context.Background(), env); err != nil {
			t.Errorf("%q: %v", tt.in, err)
		}
		if got != tt.want {
			t.Errorf("%q\n got %+v\nwant %+v", tt.in, got, tt.want)
		}
	}
}
