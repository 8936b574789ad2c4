// Package phoneconf changes Asterisk's configuration: it adds and removes phones.
//
//	Tree.Existing ─> Add | Remove ─> the edited files, in memory ─> verify ─> Tree.Write
//
// # Text
//
// The package edits a file as text. Add appends sections to a file, and Remove deletes lines. Everything else stays as
// it is: comments, order, and white space. Then the package reads the whole configuration again with the edited text,
// and compares the sections (verify). The sections from before must all be there, plus the new ones or minus the
// removed ones. Otherwise the package refuses the edit and writes nothing. So it need not know why a text would change
// something else: because of an open comment, an include in the middle of a section, or a template.
//
// # Files
//
// Add appends to the file with the other phones of the same provider. That may be an included file. If several files
// have phones, or several files could get the first phone, Add returns an error that asks for the option -file.
// Tree.Write writes a new file beside each edited file and renames it. The file keeps its owner and its mode. Write
// refuses if a file has changed since the Tree read it. If Write cannot replace one of several files, it restores the
// text of the others.
//
// # Text for people
//
// Section returns the text of one new section. The page of strangers shows it. Add writes the same text on a machine
// without other phones.
package phoneconf
