package main

import (
	"fmt"
	"io/fs"
	"os"
)

// secretFile is a file that contains a secret.
type secretFile struct{ setting, path string }

// othersMay is the right that causes a warning. Groups may read, because the service may read the file as a member of
// one.
const othersMay fs.FileMode = 0o004

// readableByOthers returns a warning for each secret file that every user of this machine may read. A missing file is
// reported by what opens it.
func (s *settings) readableByOthers() (found []string) {
	files := append([]secretFile{{"https.key", s.httpsKey}, {"admin.key", s.adminKey}, {"access.credentials", s.credentials},
		{"admin.token_file", s.adminTokens}, {"admin.password_file", s.adminPasswords}}, s.secretFiles...)
	for _, f := range files {
		if f.path == "" {
			continue
		}
		info, err := os.Stat(f.path)
		if err == nil && info.Mode().IsRegular() && info.Mode()&othersMay != 0 {
			found = append(found, fmt.Sprintf("%s: every user of this machine may read %s (mode %#o), and there is a secret in it: chmod o= %[2]s", f.setting, f.path, info.Mode().Perm()))
		}
	}
	return found
}
