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

// readConfig asks Asterisk for each file of the configuration, as it is on its disk now. major is Asterisk's major
// version. configDir is a directory that may have Asterisk's files, to find what is wrong with one; "" if there is
// none.
func readConfig(ctx context.Context, c *ami.Conn, major int, configDir string) (provision.Config, error) {
	config := provision.Config{}
	for name := range config.Files() {
		if name == provision.ExtConfigFile { // Asterisk has applied it in its answers
			continue
		}
		file, err := getConfig(ctx, c, configDir, name, onlyCategory(name, major))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil && optionalFiles[name] != "" && refusedBy(err):
			config[name] = without(name, err)
		case err != nil && refusedBy(err) && leftOut(name, major):
			config[name] = &astconf.File{Name: name} // only its existence matters
		case err != nil && refusedBy(err) && !slices.Contains(provision.ConfigFiles[:], name):
			// Its path leads out of Asterisk's directory, or it is broken. The line of sorcery.conf that names it
			// becomes an error.
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		default:
			config[name] = file
		}
	}
	return config, nil
}

// leftOut reports the users file that this major version does not use.
func leftOut(name string, major int) bool {
	used := provision.UsersFile(major)
	return used != "" && name != used && slices.Contains(provision.UsersFiles[:], name)
}

// onlyCategory returns the only category of a file that is needed; "" if all are. The dialplan and the users can have
// many.
func onlyCategory(name string, major int) string {
	switch {
	case name == provision.GlobalsFile:
		return provision.GlobalsCategory
	case leftOut(name, major):
		return "general"
	}
	return ""
}

// getConfig asks for a file, or for one category of it. The error is fs.ErrNotExist if Asterisk has no such file.
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

// errUnparsed is the error of a file that Asterisk cannot parse. Asterisk does not say why; where is what is wrong in
// the file as it can be read from here, or nil.
type errUnparsed struct{ where error }

func (e errUnparsed) Error() string {
	if e.where == nil {
		return "asterisk cannot parse this file: its own log says why"
	}
	return "asterisk cannot parse this file: " + e.where.Error()
}

func (e errUnparsed) Unwrap() error { return e.where }

// parseError finds what is wrong with a file in a directory; nil if the file does not exist or nothing is wrong.
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

// refusedBy reports whether Asterisk refused a file, as opposed to a connection that failed.
func refusedBy(err error) bool {
	_, unparsed := errors.AsType[errUnparsed](err)
	_, refused := errors.AsType[*ami.ActionError](err)
	return unparsed || refused
}

// optionalFiles are the files without which phones are served, and what the phones lack then.
var optionalFiles = map[string]string{
	provision.GlobalsFile: "no global variables",
	provision.ODBCFile:    "functions of this file see no variables of the phone",
}

// without returns an empty file in place of one that cannot be read.
func without(name string, err error) *astconf.File {
	pos := astconf.Pos{File: name}
	return &astconf.File{Name: name, Warnings: []astconf.Warning{{Pos: pos, Message: fmt.Sprintf("%s: %v", optionalFiles[name], err)}}}
}

// onlyGlobals keeps the category of the dialplan that GetConfig is asked for.
func onlyGlobals(file *astconf.File) *astconf.File {
	only := &astconf.File{Name: file.Name, Warnings: file.Warnings}
	for _, c := range file.Categories {
		if c.Name == provision.GlobalsCategory {
			only.Categories = append(only.Categories, c)
		}
	}
	return only
}

// parseConfig parses an answer of GetConfig. The keys have the order: "Category-000001", "Templates-000001",
// "Line-000001-000002". A missing number is an error.
func parseConfig(name string, answer ami.Message) (*astconf.File, error) {
	var categories []*parsedCategory
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
		at := at(&categories, i)
		if *at == nil {
			*at = new(parsedCategory)
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
			if s.grow(lines[category]); j < len(s.vars) { // otherwise a line is missing, and completeFile reports it
				s.put(j, astconf.Var{Name: option, Value: text, Pos: pos})
			}
		}
	}
	return completeFile(name, categories)
}

// countLines returns the number of lines of each category, by the category's number as it is written. The number of a
// line must be smaller.
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

// parsedCategory is a category whose lines are not all known yet.
type parsedCategory struct {
	name  string
	named bool
	bases []string
	vars  []astconf.Var
}

// grow makes room for n lines.
func (s *parsedCategory) grow(n int) { at(&s.vars, n-1) }

func (s *parsedCategory) put(i int, v astconf.Var) { *at(&s.vars, i) = v }

// index parses a number of a key. It must be smaller than the number of keys.
func index(text string, limit int) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && (n < 0 || n >= limit) {
		err = strconv.ErrRange
	}
	return n, err
}

// at returns the element i of a slice, which it extends if it is too short.
func at[T any](slice *[]T, i int) *T {
	if i >= len(*slice) {
		*slice = append(*slice, make([]T, i+1-len(*slice))...)
	}
	return &(*slice)[i]
}

// completeFile returns the file of the categories. A missing category or line is an error.
func completeFile(name string, categories []*parsedCategory) (*astconf.File, error) {
	file := &astconf.File{Name: name, Categories: make([]*astconf.Category, len(categories))}
	for i, s := range categories {
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
