// Package datadir reads templates and static files from one directory. No name and no symbolic link leads out of it.
//
// An admin may change a file at any time, and an editor or a copy writes a file in several steps. So a file counts when
// it was unchanged for SettleTime. Until then Template returns the last good state of a template, and Open waits for a
// static file, for MaxSettle at most. ErrNoGoodFile means that no good state was read since the start.
//
// Each state of a template's file is another *Template, so comparing pointers tells whether a template changed.
//
// A Dir is safe for concurrent use.
package datadir
