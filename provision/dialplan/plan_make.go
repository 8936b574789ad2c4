package dialplan

import (
	"context"
	"errors"
	"time"
)

// Plan is a template whose parts that never vary have been evaluated. It never changes, and is safe for concurrent use.
type Plan struct {
	t      *Template
	varies Varies // of the evaluated parts: a plan may hold until a moment only
	text   string // all of the constant texts, one after the other
	ops    []op   // what is put between them
	rest   int    // steps of the text behind the last
	steps  int    // of all where there are only slots, else -1
	spans  int    // how many values are to be remembered
	// marked: a constant text has marks.
	marked bool
}

// Slots gives the value of a variable by the Value.Slot that Lookup told, for another expansion that the plan is for.
type Slots interface{ Slot(at int) string }

// op is one ${} or $[] that is not constant.
type op struct {
	kind  opKind
	text  int       // where the constant text before it ends
	steps int       // that this text took, and a slot itself
	at    int       // slot: of its value; else of its span, -1: it has none
	segs  []segment // itself, alone
}

type opKind uint8

const (
	slot     opKind = iota // a variable, whose value Slots gives
	evaluate               // it is evaluated
	again                  // it is like an earlier one, whose value is in the span, if it can be used again
)

// AppendPlan is AppendTo, and makes a plan of what it sees. After an error, or ErrPending, there is no plan: it has not
// seen all. The plan is for all expansions with the same EscapeXML and Limits in which every value is the same that does
// not vary.
func (t *Template) AppendPlan(ctx context.Context, dst []byte, env *Env) (out []byte, plan *Plan, varies Varies, err error) {
	x, limit := t.expansion(env, len(dst))
	before := len(dst)
	var pending error
	d := draft{plan: &Plan{t: x.t}, spans: map[string]int{}}
	for i := range x.t.segs {
		from, steps := len(dst), x.run.steps
		so := x.run.begin()
		dst, err = x.segments(ctx, dst, x.t.segs[i:i+1], limit)
		part := x.run.since(so)
		switch {
		case errors.Is(err, ErrPending):
			pending = err
		case err != nil:
			return dst, nil, x.run.varies, err
		}
		d.add(x.t.segs[i:i+1], dst[from:], x.run.steps-steps, part, x.run.slot)
	}
	if pending != nil {
		return dst, nil, x.run.varies, pending
	}
	plan = d.whole(x.run.marking)
	dst, err = x.finish(dst, before, limit)
	return dst, plan, x.run.varies, err
}

// draft is a plan in the making.
type draft struct {
	plan  *Plan
	text  []byte
	steps int            // of the constant text since the last op
	spans map[string]int // of what is evaluated, by its kind and its text: the place of its op
}

// add adds one segment with its value, the steps that it took, what it depends on, and the slot of the variable that was
// looked up last.
func (d *draft) add(segs []segment, value []byte, steps int, varies Varies, at int) {
	s := &segs[0]
	o := op{kind: evaluate, at: -1, segs: segs}
	if at > 0 && s.isVariable() {
		o.kind, o.at = slot, at
	} else if varies.With == 0 {
		d.text, d.steps = append(d.text, value...), d.steps+steps
		d.plan.varies.Add(varies)
		return
	}
	if o.kind == evaluate && !s.open {
		key := string(rune(s.kind)) + s.text
		if first, ok := d.spans[key]; ok {
			o.kind, o.at = again, d.span(first)
		} else {
			d.spans[key] = len(d.plan.ops)
		}
	}
	o.text, o.steps = len(d.text), d.steps
	if o.kind == slot {
		o.steps += steps
	}
	d.plan.ops = append(d.plan.ops, o)
	d.steps = 0
}

// isVariable tells whether a segment is a ${} with the name of a variable and nothing that needs to be evaluated.
func (s *segment) isVariable() bool {
	return s.kind == variable && s.sub == nil && !s.open && !s.ref.call && !s.ref.part.slice.bad
}

// span has the value of an op remembered.
func (d *draft) span(i int) int {
	if d.plan.ops[i].at < 0 {
		d.plan.ops[i].at = d.plan.spans
		d.plan.spans++
	}
	return d.plan.ops[i].at
}

func (d *draft) whole(marking bool) *Plan {
	d.plan.text, d.plan.rest, d.plan.steps = string(d.text), d.steps, d.steps
	for i := range d.plan.ops {
		if o := &d.plan.ops[i]; o.kind == slot && d.plan.steps >= 0 {
			d.plan.steps += o.steps
		} else {
			d.plan.steps = -1
		}
	}
	d.plan.marked = marking && hasMark(d.plan.text)
	return d.plan
}

// Until is the moment until which the plan gives what the template gives; zero: for ever.
func (p *Plan) Until() time.Time { return p.varies.Until }

// opSize is what an op takes in bytes.
const opSize = 56

// Size is about how many bytes the plan takes besides its template.
func (p *Plan) Size() int { return len(p.text) + len(p.ops)*opSize }
