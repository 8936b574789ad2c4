package dialplan

import (
	"context"
	"errors"
)

// planExpansion is the expansion of a plan.
type planExpansion struct {
	*expansion
	slots  Slots
	limit  int
	values []opValue
	room   [4]opValue // memory for a few of them
	clean  uint64     // bit i: the value of slot i is known to need no marks
}

// opValue is where the value of an op stands in the output, and how many steps it took.
type opValue struct {
	from, to, steps int
	known           bool
}

// AppendTo appends what the template's AppendTo would append.
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
	e := planExpansion{expansion: x, slots: slots, limit: limit}
	if e.values = e.room[:min(p.remembered, len(e.room))]; p.remembered > len(e.room) {
		e.values = make([]opValue, p.remembered)
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

// appendSlots is AppendTo for a plan that has only slots, and so few that no limit but that of the output can be
// reached. It allocates nothing.
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

// op appends the value of one op.
func (e *planExpansion) op(ctx context.Context, dst []byte, o *op) ([]byte, error) {
	if o.kind == opSlot {
		return e.slot(dst, o), nil
	}
	if o.kind == opRepeat && e.values[o.at].known {
		s := e.values[o.at]
		return append(dst, dst[s.from:s.to]...), e.run.step(ctx, s.steps)
	}
	from, steps := len(dst), e.run.steps
	before := e.run.begin()
	dst, err := e.segments(ctx, dst, o.segs, e.limit)
	if e.run.since(before).sameInExpansion() && o.at >= 0 && err == nil {
		e.values[o.at] = opValue{from, len(dst), e.run.steps - steps, true}
	}
	return dst, err
}

// slot appends the value of a variable, with its marks.
func (e *planExpansion) slot(dst []byte, o *op) []byte {
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
