// Package phoneconf changes Asterisk's configuration: it adds phones, and removes them.
//
//	Tree.Existing ─> Add | Remove ─> the files as they would be ─> verify ─> Tree.Write
//
// # Text
//
// A file is edited as text. Add appends sections to one file, and Remove takes lines out of it. Everything else stays as it
// is: comments, order, and white space. Then the whole configuration is read again with the edited text (verify). It must
// have exactly the sections that were there before, with the new ones or without the removed ones. So whatever the text
// means to Asterisk (an open comment, an include in the middle of a section, a template), an edit that would change anything
// else is refused, and nothing is written.
//
// # Files
//
// Phones are added to the file that has the other phones of the same provider, which may be an included one. If several files
// have some, or if nothing tells which of several files is meant, the error is an Unsure. Tree.Write writes each file to a
// new file beside it and renames that. The file keeps its owner and its mode. Write refuses if a file has changed since it was
// read. If one of several files cannot be written, those already written get their former text back.
//
// # Text for people
//
// Section returns the text of one new section. The page of strangers shows the same text that Add writes.
package phoneconf
