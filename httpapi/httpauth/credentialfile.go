package httpauth

import "github.com/phoneprov/phoneprov/httpapi/reload"

// maxFile is in bytes: 100,000 phones with three lines each have 25 MB.
const maxFile = 64 << 20

// File is a file of credentials, read again when it changes.
type File struct {
	files *reload.Files[table]
}

// Open reads the file. Told, if not nil, is told how each later reading ended, once: nil, or why the credentials from
// before stay. It is called during a request.
func Open(path string, told func(error)) (*File, error) {
	files, err := reload.New(reload.Options[table]{
		Paths: []string{path}, MaxBytes: maxFile, Told: told,
		Parse: func(texts [][]byte, last *table) (*table, error) {
			t, err := parseTable(path, texts[0])
			if err != nil {
				return nil, err
			}
			if last != nil {
				t.keepVerified(last)
			}
			return t, nil
		},
	})
	if err != nil {
		return nil, err
	}
	return &File{files}, nil
}

// table is the newest that is valid.
func (f *File) table() *table { return f.files.Get() }
