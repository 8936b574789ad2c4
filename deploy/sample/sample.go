// Package sample holds the sample configuration: a small Asterisk 22 with phones of several kinds, which
// docker-compose.yml mounts and `phoneprov demo` runs on.
package sample

import "embed"

// FS is the tree: asterisk is an /etc/asterisk, phoneprov the templates and static files. Nobody assigns to it.
//
//go:embed asterisk phoneprov
var FS embed.FS
