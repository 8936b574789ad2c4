package dialplan

import (
	"context"
	"errors"
)

// Plan is a template of which what is the same in many expansions has been evaluated. It never changes, and is safe for
// concurrent use.
type Plan struct {
	t     *Template
	text  string // all of the constant texts, one after the other
	ops   []op   // what is put between them
	rest  int    // steps of the text behind the last
	steps int    // of all where there are only slots, else -1
	spans int    // how many values are to be remembered
	// marked: a constant text has marks.
	marked bool
}

// Varies says in what case a part of a template has another value.
type Varies uint8

const (
	Never       Varies = iota // it is the same in each expansion that a plan is for
	ByExpansion               // it is the same at every place in one expansion
	// ByPlace: it may be another one at every place; or there is more to its evaluation than the value.
	ByPlace
)

// Planner is what a plan has to know of the variables. It belongs to one expansion.
type Planner interface {
	// Slot is where the value of a variable is, which must be so in each expansion that the plan is for.
	Slot(name string) (at int, ok bool)
	// Value is the value of a slot.
	Value(at int) string
	// Varies is of all that was evaluated since it was called last.
	Varies() Varies
}

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
	slot     opKind = iota // a variable, of which the Planner has the value
	evaluate               // it is evaluated
	again                  // it is like an earlier one, whose value is in the span, if it can be used again
)

// AppendPlan is AppendTo, and makes a plan of what it sees. Where an error, or ErrPending, keeps it from seeing all
// there is no plan. The plan is for all expansions with the same EscapeXML and Limits in which all is the same of which the
// Planner says that it never varies.
func (t *Template) AppendPlan(ctx context.Context, dst []byte, env *Env, p Planner) ([]byte, *Plan, error) {
	x, limit := t.expansion(env, len(dst))
	before := len(dst)
	var pending error
	d := draft{plan: &Plan{t: x.t}, spans: map[string]int{}}
	for i := range x.t.segs {
		var err error
		from, steps := len(dst), x.run.steps
		p.Varies()
		dst, err = x.segments(ctx, dst, x.t.segs[i:i+1], limit)
		switch {
		case errors.Is(err, ErrPending):
			pending = err
		case err != nil:
			return dst, nil, err
		}
		d.add(x.t.segs[i:i+1], dst[from:], x.run.steps-steps, p)
	}
	if pending != nil {
		return dst, nil, pending
	}
	plan := d.whole(x.run.marking)
	dst, err := x.finish(dst, before, limit)
	return dst, plan, err
}

// draft is a plan in the making.
type draft struct {
	plan  *Plan
	text  []byte
	steps int            // of the constant text since the last op
	spans map[string]int // of what is evaluated, by its kind and its text: the place of its op
}

// add is for one segment, its value and what that took.
func (d *draft) add(segs []segment, value []byte, steps int, p Planner) {
	s, varies := &segs[0], p.Varies()
	o := op{kind: evaluate, at: -1, segs: segs}
	if at, ok := slotOf(s, p); ok {
		o.kind, o.at = slot, at
	} else if varies == Never {
		d.text, d.steps = append(d.text, value...), d.steps+steps
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

// slotOf is the slot of a ${} that is a variable and nothing more.
func slotOf(s *segment, p Planner) (at int, ok bool) {
	if s.kind != variable || s.sub != nil || s.open || s.ref.call || s.ref.part.slice.bad {
		return 0, false
	}
	return p.Slot(s.ref.name)
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

// Constant tells whether the plan gives the same text in each expansion that it is for.
func (p *Plan) Constant() bool { return len(p.ops) == 0 }

// opSize is what an op takes in bytes.
const opSize = 56

// Size is about how many bytes the plan takes besides its template.
func (p *Plan) Size() int { return len(p.text) + len(p.ops)*opSize }
