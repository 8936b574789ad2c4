// Package astconf reads Asterisk's .conf dialect and keeps the file and line of everything it read.
//
// # Contract
//
// Load gives the tree that AMI's GetConfig gives of the same file: the same categories in the same order, each with the
// same templates and variables, byte for byte; and it refuses the files that Asterisk refuses. The corpus in testdata
// holds this against Asterisk 22 and 16, and a differential fuzz run looks for what the corpus misses. Rules that no
// documentation states are marked "measured".
//
// Surprises that Asterisk has and this package copies: "--;" without a block hides what follows; += may land on another
// variable than the last; an include begins in the category that any file opened last; each broken included file uses up
// one of ten include levels. They are in comments.go, parser.go and include.go.
//
// What Asterisk would only log is a Warning of the File. A file that Asterisk refuses is an *Error. The limits that
// Asterisk lacks, and files that cannot be read, are an *Error too, with the cause in Err.
//
// # Flow
//
//	Loader.Load ─> reader (lines) ─> comments (what is left of a line) ─> category | directive | variable
//	                                                          #include ─> globs ─> the same again, one level down
//
// # Concurrency
//
// A Loader may be used by many goroutines. A File never changes after Load.
//
// # Memory
//
// The strings of a File are parts of the text that was read: who keeps one of them when the File is gone clones it, or keeps
// all. Of most categories that text is all there is (plain): a list of their variables would take three times as much. They
// are taken apart each time that they are asked for, so who asks much of a category asks once and keeps the list meanwhile.
package astconf
