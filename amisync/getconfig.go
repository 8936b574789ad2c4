package amisync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// readConfig asks Asterisk, of a major version, for each file of the configuration as it is on its disk now. configDir is where
// Asterisk's files may be readable from here, for messages; empty: nowhere.
func readConfig(ctx context.Context, c *ami.Conn, major int, configDir string) (provision.Config, error) {
	config := provision.Config{}
	for name := range config.Files() {
		if name == provision.ExtConfigFile { // Asterisk follows it in what it answers
			continue
		}
		file, err := getConfig(ctx, c, configDir, name, wanted(name, major))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil && spared[name] != "" && refusedBy(err):
			config[name] = without(name, err)
		case err != nil && refusedBy(err) && leftOut(name, major):
			config[name] = &astconf.File{Name: name} // it is there, which is all that counts
		case err != nil && refusedBy(err) && !slices.Contains(provision.ConfigFiles[:], name):
			// Its path leads out of Asterisk's directory, or it is broken: the line of sorcery.conf that names it is an error.
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		default:
			config[name] = file
		}
	}
	return config, nil
}

// leftOut says whether a file is the users file of another Asterisk.
func leftOut(name string, major int) bool {
	used := provision.UsersFile(major)
	return used != "" && name != used && slices.Contains(provision.UsersFiles[:], name)
}

// wanted is the only category of a file that is wanted; empty: all are. The dialplan and the users can be many.
func wanted(name string, major int) string {
	switch {
	case name == provision.GlobalsFile:
		return provision.GlobalsCategory
	case leftOut(name, major):
		return "general"
	}
	return ""
}

// getConfig asks for one file, or for one category of it; fs.ErrNotExist where Asterisk has none of that name.
func getConfig(ctx context.Context, c *ami.Conn, configDir, name, category string) (*astconf.File, error) {
	fields := ami.Message{"Filename": name}
	if category != "" {
		fields["Category"] = category
	}
	answer, err := c.GetConfig(ctx, fields)
	var refused *ami.ActionError
	switch {
	case errors.As(err, &refused) && refused.Message == "Config file not found":
		return nil, fs.ErrNotExist
	case errors.As(err, &refused) && refused.Message == "Config file has invalid format":
		return nil, errUnparsed{parseError(configDir, name)}
	case err != nil:
		return nil, err
	}
	return parseConfig(name, answer)
}

// errUnparsed is a file that Asterisk cannot parse. Over AMI it does not say why: where is what is wrong in the file as
// it can be read from here, nil where it cannot.
type errUnparsed struct{ where error }

func (e errUnparsed) Error() string {
	if e.where == nil {
		return "asterisk cannot parse this file: its own log says why"
	}
	return "asterisk cannot parse this file: " + e.where.Error()
}

func (e errUnparsed) Unwrap() error { return e.where }

// parseError finds what is wrong with a file in a directory that may be Asterisk's own; nil: the file is not there, or
// it is well.
func parseError(dir, name string) error {
	if dir == "" {
		return nil
	}
	loader := astconf.Loader{Dir: dir}
	_, err := loader.Load(name)
	if broken, ok := errors.AsType[*astconf.Error](err); ok {
		return broken
	}
	return nil
}

// refusedBy says whether it is Asterisk that has something against a file, and not the connection that failed.
func refusedBy(err error) bool {
	_, unparsed := errors.AsType[errUnparsed](err)
	_, refused := errors.AsType[*ami.ActionError](err)
	return unparsed || refused
}

// spared are the files that phones are served without, and what they lack then.
var spared = map[string]string{
	provision.GlobalsFile: "no global variables",
	provision.ODBCFile:    "functions of this file see no variables of the phone",
}

// without stands for a file that cannot be read and that phones are served without.
func without(name string, err error) *astconf.File {
	pos := astconf.Pos{File: name}
	return &astconf.File{Name: name, Warnings: []astconf.Warning{{Pos: pos, Message: fmt.Sprintf("%s: %v", spared[name], err)}}}
}

// onlyGlobals is what GetConfig tells of the dialplan: the one category that is asked for.
func onlyGlobals(file *astconf.File) *astconf.File {
	only := &astconf.File{Name: file.Name, Warnings: file.Warnings}
	for _, c := range file.Categories {
		if c.Name == provision.GlobalsCategory {
			only.Categories = append(only.Categories, c)
		}
	}
	return only
}

// parseConfig builds the tree from an answer, whose keys tell the order: "Category-000001", "Templates-000001",
// "Line-000001-000002". A number that is left out is an answer that is not whole.
func parseConfig(name string, answer ami.Message) (*astconf.File, error) {
	var sections []*section
	pos := astconf.Pos{File: name}
	lines := countLines(answer)
	for key, value := range answer {
		kind, rest, _ := strings.Cut(key, "-")
		if kind != "Category" && kind != "Templates" && kind != "Line" {
			continue
		}
		category, line, isLine := strings.Cut(rest, "-")
		i, err := index(category, len(answer))
		if err != nil || isLine != (kind == "Line") {
			return nil, fmt.Errorf("asterisk answered with a malformed key: %q", key)
		}
		at := at(&sections, i)
		if *at == nil {
			*at = new(section)
		}
		s := *at
		switch kind {
		case "Category":
			s.name, s.named = value, true
		case "Templates":
			s.bases = strings.Split(value, ",")
		case "Line":
			j, err := index(line, len(answer))
			option, text, ok := strings.Cut(value, "=")
			if err != nil || !ok {
				return nil, fmt.Errorf("asterisk answered with a malformed line: %q", key)
			}
			if s.make(lines[category]); j < len(s.vars) { // or another one is missing, which whole sees
				s.put(j, astconf.Var{Name: option, Value: text, Pos: pos})
			}
		}
	}
	return whole(name, sections)
}

// countLines is how many lines each category has, by its number as it is written: a line's number cannot be as large.
func countLines(answer ami.Message) map[string]int {
	lines := map[string]int{}
	for key := range answer {
		if rest, ok := strings.CutPrefix(key, "Line-"); ok {
			category, _, _ := strings.Cut(rest, "-")
			lines[category]++
		}
	}
	return lines
}

// section is a category in the making.
type section struct {
	name  string
	named bool
	bases []string
	vars  []astconf.Var
}

// make makes room for n lines.
func (s *section) make(n int) { at(&s.vars, n-1) }

func (s *section) put(i int, v astconf.Var) { *at(&s.vars, i) = v }

// index parses a number of a key, which cannot be as large as the number of keys.
func index(text string, limit int) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && (n < 0 || n >= limit) {
		err = strconv.ErrRange
	}
	return n, err
}

// at is the element i of a slice, which is made long enough.
func at[T any](slice *[]T, i int) *T {
	if i >= len(*slice) {
		*slice = append(*slice, make([]T, i+1-len(*slice))...)
	}
	return &(*slice)[i]
}

// whole is the file of the sections, none of which may be missing, nor a line of one.
func whole(name string, sections []*section) (*astconf.File, error) {
	file := &astconf.File{Name: name, Categories: make([]*astconf.Category, len(sections))}
	for i, s := range sections {
		if s == nil || !s.named {
			return nil, fmt.Errorf("asterisk's answer is not whole: category %d is missing", i)
		}
		for j, v := range s.vars {
			if v.Pos.File == "" {
				return nil, fmt.Errorf("asterisk's answer is not whole: line %d of category %q is missing", j, s.name)
			}
		}
		file.Categories[i] = astconf.NewCategory(s.name, astconf.Pos{File: name}, s.bases, s.vars)
	}
	return file, nil
}
