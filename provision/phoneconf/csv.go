package phoneconf

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Row is a line of a CSV file.
type Row struct {
	Line                          int // line number in the file
	MAC, Name, Extension, Profile string
	Number                        string // number of the phone's line; empty: 1
}

// columns are the columns of a CSV file. A file without a head has them in this order, without line.
var columns = [...]string{"mac", "name", "extension", "profile", "line"}

// headless is the largest number of columns in a file without a head.
const headless = 4

// maxRows bounds a CSV file: Asterisk reads no more sections in useful time.
const maxRows = 100_000

// ReadCSV reads phones. A row has a mac, a name, an extension and a profile; the profile may be empty or missing. If
// the first row has the word "mac", it is a head: it names the columns, in any order, and may name "line" too. The
// separator is a comma, a semicolon or a tab, whichever comes first in the first row. faults has all faults in the
// order of the lines. rows then has the rows that ReadCSV could read.
func ReadCSV(r io.Reader) (rows []Row, faults []Fault) {
	fault := func(line int, format string, args ...any) {
		faults = append(faults, Fault{line, fmt.Errorf(format, args...)})
	}
	in := bufio.NewReader(r)
	if bom, _ := in.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3)
	}
	first, err := in.Peek(1 << 10)
	if len(first) == 0 && errors.Is(err, io.EOF) {
		fault(1, "the file is empty")
		return nil, faults
	}
	records := csv.NewReader(in)
	records.FieldsPerRecord, records.TrimLeadingSpace, records.Comment = -1, true, '#'
	head, _, _ := strings.Cut(string(first), "\n")
	if i := strings.IndexAny(head, ",;\t"); i >= 0 {
		records.Comma = rune(head[i])
	}
	order := columns[:headless]
	for n := 0; ; n++ {
		fields, err := records.Read()
		if errors.Is(err, io.EOF) {
			if len(rows) == 0 && len(faults) == 0 {
				fault(1, "no phone is in the file")
			}
			return rows, faults
		}
		if err != nil { // the reader cannot find the next row
			if parse, ok := errors.AsType[*csv.ParseError](err); ok {
				fault(parse.StartLine, "%w", parse.Err)
			} else {
				fault(1, "%w", err)
			}
			return rows, faults
		}
		line, _ := records.FieldPos(0)
		switch {
		case len(rows) == maxRows:
			fault(line, "more than %d phones", maxRows)
			return rows, faults
		case n == 0 && slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(strings.TrimSpace(f), "mac") }):
			if order, err = readHead(fields); err != nil {
				fault(line, "%w", err)
				return rows, faults
			}
		case len(fields) == 1 && strings.TrimSpace(fields[0]) == "":
		case len(fields) > len(order):
			fault(line, "%d fields, want at most %d: %s", len(fields), len(order), strings.Join(order, ", "))
		default:
			rows = append(rows, readRow(line, fields, order))
		}
	}
}

// Fault says what is wrong with a line.
type Fault struct {
	Line int
	Err  error
}

// readHead returns the columns in the order of the head. The error names an unknown, repeated or missing column.
func readHead(fields []string) (order []string, err error) {
	for _, f := range fields {
		name := strings.ToLower(strings.TrimSpace(f))
		switch {
		case !slices.Contains(columns[:], name):
			return nil, fmt.Errorf("there is no column %q: want %s", name, strings.Join(columns[:], ", "))
		case slices.Contains(order, name):
			return nil, fmt.Errorf("column %q stands twice", name)
		}
		order = append(order, name)
	}
	for _, name := range columns[:3] {
		if !slices.Contains(order, name) {
			return nil, fmt.Errorf("column %q is missing", name)
		}
	}
	return order, nil
}

func readRow(line int, fields, order []string) Row {
	row := Row{Line: line}
	for i, f := range fields {
		f = strings.TrimSpace(f)
		switch order[i] {
		case "mac":
			row.MAC = f
		case "name":
			row.Name = f
		case "extension":
			row.Extension = f
		case "profile":
			row.Profile = f
		case "line":
			row.Number = f
		}
	}
	return row
}
