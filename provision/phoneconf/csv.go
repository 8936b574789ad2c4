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
	Line                          int // of the file
	MAC, Name, Extension, Profile string
	Number                        string // of the line of the phone; empty: 1
}

// columns are the columns of a CSV file, in their order where the file has no head. line is only known by a head.
var columns = [...]string{"mac", "name", "extension", "profile", "line"}

// headless is how many columns a file without a head has at most.
const headless = 4

// maxRows bounds a CSV file: Asterisk reads no more sections in useful time.
const maxRows = 100_000

// ReadCSV reads phones: mac, name, extension and profile, the last of which may be empty or left out. A first row with these
// words is a head, which may have them in any order, and "line" too. The separator is the first of , ; and tab that the first
// row has. faults has all that is wrong, in the order of the lines; the rows are then those that could be read.
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
		if err != nil { // what follows cannot be told apart
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

// Fault is what is wrong with a line.
type Fault struct {
	Line int
	Err  error
}

// readHead returns the order of the columns.
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
