package dialplan

import (
	"context"
	"errors"
	"time"
)

// Plan is a template whose parts that never vary have been evaluated. It never changes and is safe for concurrent use.
type Plan struct {
	t          *Template
	varies     Varies // of the evaluated parts: a plan may hold until a moment only
	text       string // all constant texts, one after the other
	ops        []op   // what stands between the constant texts
	rest       int    // steps of the constant text after the last op
	steps      int    // steps of the whole plan, if it has slots only; else -1
	remembered int    // how many values an expansion remembers for opRepeat
	// a constant text has marks
	marked bool
}

// Slots returns the values of variables for one expansion of a plan. at is the Value.Slot that Lookup returned when the
// plan was made.
type Slots interface{ Slot(at int) string }

// op is one ${} or $[] that is not constant.
type op struct {
	kind  opKind
	text  int       // where the constant text before the op ends
	steps int       // steps of the constant text before the op, and for opSlot those of the op
	at    int       // opSlot: the slot; else the index of the remembered value, -1: none
	segs  []segment // the segment
}

type opKind uint8

const (
	opSlot     opKind = iota // a variable: Slots returns its value
	opEvaluate               // evaluate the segment
	opRepeat                 // the same text as an earlier op: use that one's remembered value if it holds, else evaluate
)

// AppendPlan is AppendTo, and makes a plan of what it evaluates. After an error or ErrPending there is no plan, because
// not everything was evaluated. The plan is valid for expansions with the same EscapeXML and Limits in which every
// value that does not vary is the same.
func (t *Template) AppendPlan(ctx context.Context, dst []byte, env *Env) (out []byte, plan *Plan, varies Varies, err error) {
	x, limit := t.expansion(env, len(dst))
	before := len(dst)
	var pending error
	d := planBuilder{plan: &Plan{t: x.t}, opOf: map[string]int{}}
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
	plan = d.finish(x.run.marking)
	dst, err = x.finish(dst, before, limit)
	return dst, plan, x.run.varies, err
}

// planBuilder builds a plan.
type planBuilder struct {
	plan  *Plan
	text  []byte
	steps int            // of the constant text since the last op
	opOf  map[string]int // the index of the first op with the same kind and text
}

// add adds one segment with its value, the steps that it took, what it depends on, and the slot of the variable that
// was looked up last.
func (d *planBuilder) add(segs []segment, value []byte, steps int, varies Varies, at int) {
	s := &segs[0]
	o := op{kind: opEvaluate, at: -1, segs: segs}
	if at > 0 && s.isVariable() {
		o.kind, o.at = opSlot, at
	} else if varies.With == 0 {
		d.text, d.steps = append(d.text, value...), d.steps+steps
		d.plan.varies.Add(varies)
		return
	}
	if o.kind == opEvaluate && !s.open {
		key := string(rune(s.kind)) + s.text
		if first, ok := d.opOf[key]; ok {
			o.kind, o.at = opRepeat, d.remember(first)
		} else {
			d.opOf[key] = len(d.plan.ops)
		}
	}
	o.text, o.steps = len(d.text), d.steps
	if o.kind == opSlot {
		o.steps += steps
	}
	d.plan.ops = append(d.plan.ops, o)
	d.steps = 0
}

// isVariable reports whether a segment is a ${} that is a plain variable: it has the variable's name and perhaps a
// slice, and nothing nested.
func (s *segment) isVariable() bool {
	return s.kind == variable && s.sub == nil && !s.open && !s.ref.call && !s.ref.part.slice.bad
}

// remember makes expansions remember the value of an op, and returns its index among the remembered values.
func (d *planBuilder) remember(i int) int {
	if d.plan.ops[i].at < 0 {
		d.plan.ops[i].at = d.plan.remembered
		d.plan.remembered++
	}
	return d.plan.ops[i].at
}

func (d *planBuilder) finish(marking bool) *Plan {
	d.plan.text, d.plan.rest, d.plan.steps = string(d.text), d.steps, d.steps
	for i := range d.plan.ops {
		if o := &d.plan.ops[i]; o.kind == opSlot && d.plan.steps >= 0 {
			d.plan.steps += o.steps
		} else {
			d.plan.steps = -1
		}
	}
	d.plan.marked = marking && hasMark(d.plan.text)
	return d.plan
}

// Until returns the moment until which the plan is valid; zero: for ever.
func (p *Plan) Until() time.Time { return p.varies.Until }

// opSize is the size of an op in bytes.
const opSize = 56

// Size returns about how many bytes the plan takes, without its template.
func (p *Plan) Size() int { return len(p.text) + len(p.ops)*opSize }
