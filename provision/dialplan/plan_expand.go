package dialplan

import (
	"context"
	"errors"
)

// planned is an expansion by a plan.
type planned struct {
	*expansion
	slots Slots
	limit int
	spans []span
	few   [4]span // room for them
	clean uint64  // the first slots whose values have been seen to need no marks
}

// span is where the value of an op is in the output, and what it took.
type span struct {
	from, to, steps int
	known           bool
}

// AppendTo appends what the template's AppendTo would.
func (p *Plan) AppendTo(ctx context.Context, dst []byte, env *Env, slots Slots) (out []byte, varies Varies, err error) {
	if p.steps >= 0 && p.steps < stepsPerCheck && env.Limits == (Limits{}) && !env.EscapeXML {
		dst, err = p.appendSlots(dst, slots)
		varies = p.varies
		if len(p.ops) > 0 {
			varies.With |= ByExpansion
		}
		return dst, varies, err
	}
	x, limit := p.t.begin(env, len(dst))
	x.run.marked, x.run.varies = p.marked, p.varies
	dst, err = p.appendOps(ctx, dst, x, limit, slots)
	return dst, x.run.varies, err
}

func (p *Plan) appendOps(ctx context.Context, dst []byte, x *expansion, limit int, slots Slots) ([]byte, error) {
	e := planned{expansion: x, slots: slots, limit: limit}
	if e.spans = e.few[:min(p.spans, len(e.few))]; p.spans > len(e.few) {
		e.spans = make([]span, p.spans)
	}
	before, text := len(dst), 0
	var pending error
	for i := range p.ops {
		o := &p.ops[i]
		dst = append(dst, p.text[text:o.text]...)
		text = o.text
		if len(dst) > limit {
			return dst, ErrTooLong
		}
		if err := x.run.step(ctx, o.steps); err != nil {
			return dst, err
		}
		var err error
		if dst, err = e.op(ctx, dst, o); err != nil {
			if !errors.Is(err, ErrPending) {
				return dst, err
			}
			pending = err
		}
	}
	dst = append(dst, p.text[text:]...)
	if len(dst) > limit {
		return dst, ErrTooLong
	}
	if err := x.run.step(ctx, p.rest); err != nil {
		return dst, err
	}
	if pending != nil {
		return dst, pending
	}
	return x.finish(dst, before, limit)
}

// appendSlots is AppendTo of a plan that has only slots, and too few for any limit but that of the output: it needs no memory.
func (p *Plan) appendSlots(dst []byte, slots Slots) ([]byte, error) {
	text, limit := 0, len(dst)+DefaultOutput
	for i := range p.ops {
		o := &p.ops[i]
		dst = append(dst, p.text[text:o.text]...)
		text = o.text
		if dst = append(dst, o.segs[0].ref.part.Of(slots.Slot(o.at))...); len(dst) > limit {
			return dst, ErrTooLong
		}
	}
	if dst = append(dst, p.text[text:]...); len(dst) > limit {
		return dst, ErrTooLong
	}
	return dst, nil
}

// op appends the value of one.
func (e *planned) op(ctx context.Context, dst []byte, o *op) ([]byte, error) {
	if o.kind == slot {
		return e.slot(dst, o), nil
	}
	if o.kind == again && e.spans[o.at].known {
		s := e.spans[o.at]
		return append(dst, dst[s.from:s.to]...), e.run.step(ctx, s.steps)
	}
	from, steps := len(dst), e.run.steps
	before := e.run.begin()
	dst, err := e.segments(ctx, dst, o.segs, e.limit)
	if e.run.since(before).sameInExpansion() && o.at >= 0 && err == nil {
		e.spans[o.at] = span{from, len(dst), e.run.steps - steps, true}
	}
	return dst, err
}

// slot appends the value of a variable, with its marks.
func (e *planned) slot(dst []byte, o *op) []byte {
	e.run.varies.With |= ByExpansion
	v := e.slots.Slot(o.at)
	if e.run.marking && e.clean>>o.at&1 == 0 {
		if harmless(v) {
			e.clean |= 1 << o.at
		} else {
			v = e.run.mark(v)
		}
	}
	return append(dst, o.segs[0].ref.part.Of(v)...)
}
