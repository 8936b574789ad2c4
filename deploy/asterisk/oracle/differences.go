package oracle

// Kind says what differs between our answer and Asterisk's.
type Kind int

// The kinds of differences. Our answer is always the one in the tree's answers/ours.txtar.
const (
	Whole Kind = iota // status, type or body
	Type              // the Content-Type only
	Order             // the same lines in another order
)

// Difference is a deliberate difference from Asterisk.
type Difference struct {
	Kind Kind
	Why  string            // in the words of deploy/doc/DIFFERENCES.md
	URIs map[Tree][]string // that show it; the answers of both suites differ from ours
}

// Differences are all differences that the trees show. deploy/doc/DIFFERENCES.md lists them in the same words, which a
// test checks.
var Differences = []Difference{
	{Order, "PP_EACH_USER lists phones in the order of the configuration", map[Tree][]string{Same: {
		"001565AA0006-directory.cfg", "001565aa0001-directory.cfg", "001565aa0002-directory.cfg",
		"001565aa0008-directory.cfg", "001565aa0011-directory.cfg", "001565aa0020-directory.cfg",
		"001565aa0021-directory.cfg", "001565aa0030-directory.cfg",
	}, Field: {"0004f2000104-directory"}}},
	{Whole, "PP_EACH_USER keeps the double quotes of its text", map[Tree][]string{Differs: {"001565bb0008-directory.cfg"}}},
	{Whole, "a missing static file is 404", map[Tree][]string{Differs: {"notthere.bin"}}},
	{Whole, "a template that is missing, empty or being written is served as it last was, and where it never was is 503", map[Tree][]string{Same: {
		"001565AA0006-missing.cfg", "001565aa0001-missing.cfg", "001565aa0002-missing.cfg", "001565aa0008-missing.cfg",
		"001565aa0011-missing.cfg", "001565aa0020-missing.cfg", "001565aa0021-missing.cfg", "001565aa0030-missing.cfg",
	}, Field: {"0004f2000107.cfg", "mimetype", "set_var", "static_dir", "static_files", "staticfile"}}},
	{Whole, "staticdir needs no slash at its end", map[Tree][]string{Differs: {"welcome.xml"}}},
	{Type, "the MIME type goes by the extension where the configuration names none", map[Tree][]string{
		Differs: {"001565bb0006.xml", "001565bb0006.txt"},
	}},
	{Whole, "blanks around a MIME type's comma mean nothing", map[Tree][]string{
		Differs: {"001565bb0006.spaces"}, Field: {"d.txt", "x/0004f2000102"},
	}},
	{Whole, "username defaults to the section's name", map[Tree][]string{
		Differs: {"001565bb0001.cfg", "001565bb0001-lines.cfg"},
	}},
	{Whole, "a section's own option wins over the one it inherits", map[Tree][]string{
		Differs: {"001565bb0002.cfg", "0004f2000011.cfg"},
	}},
	{Whole, "of an option that stands twice in a section the last counts", map[Tree][]string{
		Differs: {"001565bb0003.cfg", "001565bb0003-lines.cfg"},
	}},
	{Whole, "a MAC in two spellings is one phone", map[Tree][]string{
		Differs: {"001565bb0004-lines.cfg"}, Field: {"0004f2000226.upper"},
	}},
	{Whole, "no line of a phone is lost, in whatever order they stand", map[Tree][]string{
		Differs: {"001565bb0005-lines.cfg"},
	}},
	{Whole, "an endpoint without transport gets its only transport's port, else 5060", map[Tree][]string{
		Differs: {"0004f2000010.cfg", "0004f2000010-lines.cfg"},
	}},
	{Whole, "SERVER is known in a setvar and for every phone of PP_EACH_USER", map[Tree][]string{
		Differs: {"001565bb0007.cfg"},
	}},
	{Whole, "VOCIEMAIL_EXTEN, as Asterisk's sample spells it, is VOICEMAIL_EXTEN", map[Tree][]string{
		Differs: {"001565bb0009.cfg"},
	}},
}
