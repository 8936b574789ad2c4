package httpauth

import "github.com/phoneprov/phoneprov/httpapi/reload"

// maxFile bounds the file, in bytes: 100,000 phones with three lines each have 25 MB.
const maxFile = 64 << 20

// File is a file of credentials, which is read again when it changes.
type File struct {
	files *reload.Files[table]
}

// Open reads the file. told, which may be nil, is called when a later reading ended: with nil, or with the reason why
// the previous credentials stay in use. It is called during a request, and once for the same reason.
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

// table returns the newest valid table.
func (f *File) table() *table { return f.files.Get() }
