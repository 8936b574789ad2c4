package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Guarded functions are functions of Asterisk that we cannot just ask for. Either Asterisk does not answer them over
// AMI, or they use or change variables of the phone, which Asterisk does not have.

// refused are the functions that are never answered, with the reasons. Asterisk reads them when it loads a
// configuration. Over AMI it returns an empty value, which would leave a hole in the file.
var refused = map[string]string{
	"DB_DELETE":        "it deletes what it reads",
	"EVAL_EXTEN":       "it evaluates the dialplan with variables of the phone",
	"EVAL_SUB":         "it runs the dialplan",
	"FILE":             "it reads any file of Asterisk's machine",
	"FILE_COUNT_LINE":  "it reads any file of Asterisk's machine",
	"FILE_FORMAT":      "it reads any file of Asterisk's machine",
	"LOCK":             "it locks out calls",
	"PERIODIC_HOOK":    "it runs the dialplan",
	"REALTIME_DESTROY": "it deletes what it reads",
	"SHELL":            "it runs commands on Asterisk's machine",
	"TRYLOCK":          "it locks out calls",
	"UNLOCK":           "it frees what a call has locked",
}

// changing are functions that change the variable of their first argument. In Asterisk the change also lasts for later
// requests of the file.
var changing = []string{"DEC", "INC", "POP", "SET", "SHIFT"}

// reading are functions that read the variable that they name, on a channel.
var reading = []string{"LOCAL_PEEK", "MASTER_CHANNEL"}

// guardedFunctions returns the guarded functions by name, with those of func_odbc.conf.
func guardedFunctions(odbc []odbcFunction) map[string]dialplan.Func {
	funcs := map[string]dialplan.Func{}
	for name, why := range refused {
		funcs[name] = func(context.Context, *dialplan.Call) (dialplan.Value, error) {
			return dialplan.Value{}, fmt.Errorf("function %s: %w: %s, and Asterisk does not answer it over AMI", name, dialplan.ErrRefused, why)
		}
	}
	for _, name := range changing {
		funcs[name] = unlessChanging
	}
	for _, name := range reading {
		funcs[name] = func(ctx context.Context, c *dialplan.Call) (dialplan.Value, error) {
			return askWith(ctx, c, dialplan.WordsOf(c.Plain(c.Args)))
		}
	}
	for _, f := range odbc {
		if len(f.words) == 0 && !f.computed {
			continue // it uses its arguments only
		}
		funcs[f.name] = func(ctx context.Context, c *dialplan.Call) (dialplan.Value, error) {
			words := f.words
			if f.computed {
				words = slices.Concat(words, dialplan.WordsOf(c.Plain(c.Args)))
			}
			return askWith(ctx, c, words)
		}
	}
	return funcs
}

// unlessChanging asks Asterisk for a function that changes a variable, unless we have that variable.
func unlessChanging(ctx context.Context, c *dialplan.Call) (dialplan.Value, error) {
	words := dialplan.WordsOf(c.Plain(c.Args))
	vars, err := variablesOf(ctx, c, words[:min(1, len(words))])
	switch {
	case err != nil:
		return dialplan.Value{}, err
	case len(vars) > 0:
		return dialplan.Value{}, fmt.Errorf("function %s: %w: it changes the variable %s for whoever asks next", c.Name, dialplan.ErrRefused, vars[0].Name)
	}
	return answeredBy(c.Ask(ctx))
}

// askWith asks Asterisk for a function, and sends the variables that are among the words.
func askWith(ctx context.Context, c *dialplan.Call, words []string) (dialplan.Value, error) {
	vars, err := variablesOf(ctx, c, words)
	if err != nil {
		return dialplan.Value{}, err
	}
	return answeredBy(c.Ask(ctx, vars...))
}

// answeredBy makes a Value of an answer. The expansion already knows that it depends on an answer.
func answeredBy(text string, err error) (dialplan.Value, error) {
	return dialplan.Value{Text: text}, err
}

// variablesOf returns the words that are variables where the call stands and are not empty.
func variablesOf(ctx context.Context, c *dialplan.Call, words []string) (vars []dialplan.Variable, err error) {
	for i, name := range words {
		if slices.Contains(words[:i], name) {
			continue
		}
		value, ok, err := c.Lookup(ctx, name)
		if err != nil {
			return nil, err
		}
		if ok && value != "" {
			vars = append(vars, dialplan.Variable{Name: name, Value: value})
		}
	}
	return vars, nil
}

// ODBCFile defines functions by their SQL. An error in it must not stop the provisioning of phones: whoever cannot read
// it puts a File with a Warning in its place.
const ODBCFile = "func_odbc.conf"

// odbcFunction is a function of func_odbc.conf.
type odbcFunction struct {
	name     string
	words    []string // words of its SQL that may be variables
	computed bool     // its arguments may name further variables
	selects  bool     // asking twice changes nothing
}

func readODBC(f *astconf.File) []odbcFunction {
	var funcs []odbcFunction
	for _, c := range categories(f) {
		if c.Name == "general" {
			continue
		}
		prefix, sql := "ODBC", ""
		for v := range c.Vars() {
			switch name := strings.ToLower(v.Name); {
			case name == "prefix" && v.Value != "":
				prefix = v.Value
			case (name == "readsql" || name == "read") && sql == "":
				sql = v.Value
			}
		}
		if sql == "" {
			continue
		}
		o := odbcFunction{name: prefix + "_" + c.Name}
		words, computed := dialplan.Parse(c.Pos.String(), sql).Words()
		for _, word := range words {
			if !slices.Contains(o.words, word) && !isArgument(word) && !dialplan.Known(word) {
				o.words = append(o.words, word)
			}
		}
		o.computed = computed
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimLeft(sql, " \t(")), " ")
		o.selects = verb == "SELECT" && !strings.Contains(strings.ToUpper(sql), "NEXTVAL")
		funcs = append(funcs, o)
	}
	return funcs
}

// isArgument reports whether a word is one of the names that func_odbc sets itself: ARG1, ARGC.
func isArgument(word string) bool {
	rest, ok := strings.CutPrefix(word, "ARG")
	return ok && strings.Trim(rest, "0123456789C") == "" || strings.Trim(word, "0123456789") == ""
}

// Selects returns the functions of func_odbc.conf that may be asked several times, because they change nothing.
func Selects(config Config) map[string]bool {
	selects := map[string]bool{}
	for _, f := range readODBC(config[ODBCFile]) {
		if f.selects {
			selects[f.name] = true
		}
	}
	return selects
}
