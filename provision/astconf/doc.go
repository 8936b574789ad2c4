// Package astconf reads Asterisk's .conf dialect and remembers the file and line of everything that it reads.
//
// # Contract
//
// Load returns the tree that AMI's GetConfig returns for the same file: the same categories in the same order, each with
// the same templates and variables, byte for byte. It refuses the files that Asterisk refuses. The corpus in testdata
// compares it with Asterisk 22 and 16, and a differential fuzz test searches for what the corpus misses. Rules that no
// documentation states are marked "measured".
//
// This package copies Asterisk's surprises: "--;" without a block hides the lines after it; += may change another variable
// than the last one; an include begins in the category that any file opened last; each broken included file uses up one of
// ten include levels. See comments.go, parser.go and include.go.
//
// What Asterisk only logs is a Warning of the File. A file that Asterisk refuses is an *Error. A file that exceeds a limit
// of this package, or that cannot be read, is an *Error too, with the cause in Err.
//
// # Flow
//
//	Loader.Load ─> reader (lines) ─> comments (removes them) ─> category | directive | variable
//	                                                          #include ─> globs ─> the same again, one level down
//
// # Concurrency
//
// A Loader may be used by many goroutines. A File never changes after Load.
//
// # Memory
//
// The strings of a File are parts of the text that was read. A caller that keeps such a string after the File clones it;
// otherwise it keeps the whole text. A simple category is stored as its text only (plain), because a list of its variables
// would take three times as much. Vars parses that text at each call, so a caller that needs the variables several times
// collects them once.
package astconf
