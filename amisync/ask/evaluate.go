package ask

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Lengths of what Asterisk answers, in bytes, measured on 16 and 22.
const (
	// maxWhole is where most functions cut their value. A value of this length may have been longer.
	maxWhole = 4094
	// maxDBGet is where DBGet of Asterisk 16 cuts a value.
	maxDBGet = 255
	// sliceLength is the length of a slice of a long value. It leaves room for the end mark.
	sliceLength = 900
	// maxReadings is how many times a long value is read, at most, to get the same value twice.
	maxReadings = 4
)

var (
	errCut         = errors.New("its answer is longer than asterisk gives at once, and it may not be asked again for the rest")
	errTooLong     = fmt.Errorf("its answer has %d bytes or more: asterisk may have cut it", maxWhole)
	errUnsteady    = errors.New("its answer is long, and another one each time")
	errSliceLength = errors.New("asterisk answered with another length than it was asked for")
	errBadDBGet    = errors.New("asterisk does not answer DBGet as it should")
	errNoEndMark   = errors.New("the end mark is missing")
)

// repeatable are the functions that may be called several times for one value, because they only read and cost little. The
// functions of func_odbc.conf that only select are repeatable too (see SetSelects).
var repeatable = map[string]bool{
	"AST_CONFIG": true, "AST_SORCERY": true, "CONFBRIDGE_INFO": true, "DB_KEYS": true, "DEVICE_STATE": true, "DIALPLAN_EXISTS": true, "ENV": true,
	"EXTENSION_STATE": true, "GLOBAL": true, "HINT": true, "PJSIP_AOR": true, "PJSIP_CONTACT": true, "PJSIP_DIAL_CONTACTS": true,
	"PJSIP_ENDPOINT": true, "PRESENCE_STATE": true, "QUEUE_MEMBER_LIST": true, "REALTIME": true, "REALTIME_FIELD": true, "SAYFILES": true,
	"LOCAL_PEEK": true, "MASTER_CHANNEL": true, "SIPPEER": true, "IAXPEER": true, "SYSINFO": true, "VERSION": true, "VM_INFO": true,
}

// evaluate returns the whole value of a call, or an error. If the account may use EVAL, the value is evaluated with an end mark
// behind it, which shows whether Getvar cut the value.
func (a *Asker) evaluate(ctx context.Context, c *connection, call string) (string, error) {
	if err := c.findEval(ctx); err != nil {
		return "", err
	}
	function, args, _ := strings.Cut(call, "(")
	if function == "DB" || function == "DB_EXISTS" {
		return a.database(ctx, c, function, strings.TrimSuffix(args, ")"))
	}
	e, ok := dialplan.Evaluate(call)
	if !ok || !c.mayEval || ami.CheckField("Variable", "EVAL("+e.Text()+c.EndMark()+")") != nil {
		value, err := c.getvar(ctx, call)
		if err == nil && len(value) >= ami.MaxValue {
			err = errCut
		}
		return value, err
	}
	value, whole, err := c.evaluateMarked(ctx, e.Text())
	if whole || err != nil {
		return value, err
	}
	if e.Ref == "" || !repeatable[e.Function] && !a.onlySelects(e.Function) {
		return "", errCut
	}
	return c.evaluateLong(ctx, e)
}

// getvar sends a call as it stands.
func (c *connection) getvar(ctx context.Context, call string) (string, error) {
	answer, err := c.Do(ctx, "Getvar", ami.Message{"Variable": call})
	return answer["Value"], err
}

// evaluateMarked evaluates a text with the end mark behind it. whole is false if Asterisk cut the value.
func (c *connection) evaluateMarked(ctx context.Context, text string) (value string, whole bool, err error) {
	value, err = c.getvar(ctx, "EVAL("+text+c.EndMark()+")")
	if err != nil {
		return "", false, err
	}
	value, whole = strings.CutSuffix(value, c.EndMark())
	if !whole && len(value) < ami.MaxValue {
		return "", false, errNoEndMark
	}
	return value, whole, nil
}

// evaluateLong reads a value in slices until it is the same twice, because it may change between two slices.
func (c *connection) evaluateLong(ctx context.Context, e dialplan.Evaluation) (string, error) {
	before := ""
	for n := range maxReadings {
		value, err := c.evaluateSlices(ctx, e)
		switch {
		case err != nil:
			return "", err
		case n > 0 && value == before:
			return value, nil
		}
		before = value
	}
	return "", errUnsteady
}

func (c *connection) evaluateSlices(ctx context.Context, e dialplan.Evaluation) (string, error) {
	var all strings.Builder
	for {
		part, whole, err := c.evaluateMarked(ctx, e.Slice(strconv.Itoa(all.Len()), strconv.Itoa(sliceLength)))
		switch {
		case err != nil:
			return "", err
		case !whole || len(part) > sliceLength:
			return "", errSliceLength
		}
		all.WriteString(part)
		switch {
		case all.Len() >= maxWhole:
			return "", errTooLong
		case len(part) < sliceLength:
			return all.String(), nil
		}
	}
}

// database returns the value of DB(family/key) or DB_EXISTS(family/key), by the action DBGet: Asterisk counts DB as dangerous and
// answers Getvar with nothing.
func (a *Asker) database(ctx context.Context, c *connection, function, args string) (string, error) {
	missing := map[bool]string{true: "0"}[function == "DB_EXISTS"]
	parts := dialplan.Arguments(args, '/', 2)
	if len(parts) < 2 {
		return "", nil
	}
	if parts[0] == "" || parts[1] == "" {
		return missing, nil
	}
	value, found, err := c.dbGet(ctx, parts[0], parts[1])
	switch {
	case err != nil:
		return "", err
	case !found:
		return missing, nil
	case function == "DB_EXISTS":
		return "1", nil
	case len(value) < maxDBGet:
		return value, nil
	}
	// DB_EXISTS puts the value into a variable, which EVAL can slice.
	e, ok := dialplan.Evaluate("DB_EXISTS(" + args + ")")
	if !ok || !c.mayEval {
		return "", errCut
	}
	e.Before, e.Ref = e.Slice("0", "0"), "DB_RESULT"
	value, whole, err := c.evaluateMarked(ctx, e.Text())
	if whole || err != nil {
		return value, err
	}
	return c.evaluateLong(ctx, e)
}

// dbGet reads an entry of Asterisk's database.
func (c *connection) dbGet(ctx context.Context, family, key string) (value string, found bool, err error) {
	entries, err := c.List(ctx, "DBGet", ami.Message{"Family": family, "Key": key})
	refused, ok := errors.AsType[*ami.ActionError](err)
	switch {
	case ok && refused.Message == "Database entry not found":
		return "", false, nil
	case err != nil:
		return "", false, err
	case len(entries) != 1 || entries[0]["Event"] != ami.DBEntry:
		return "", false, errBadDBGet
	}
	return entries[0]["Val"], true, nil
}

// findEval finds out, once per connection, whether EVAL can be used. The account needs write = system, and an Asterisk without
// func_strings has no EVAL.
func (c *connection) findEval(ctx context.Context) error {
	if c.evalKnown {
		return nil
	}
	const text = "phoneprov"
	value, err := c.getvar(ctx, "EVAL("+text+")")
	if _, refused := errors.AsType[*ami.ActionError](err); err != nil && !refused {
		return err
	}
	c.evalKnown, c.mayEval = true, err == nil && value == text
	return nil
}
