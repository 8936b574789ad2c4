package provision

import (
	"io"
	"strings"
)

// charsetReader is for an XML file that names its encoding: the common ones with a byte for each character become UTF-8.
// Others are read as if they were; US-ASCII is.
func charsetReader(charset string, in io.Reader) (io.Reader, error) {
	windows := false
	switch strings.ToLower(charset) {
	case "iso-8859-1", "latin1":
	case "windows-1252", "cp1252":
		windows = true
	default:
		return in, nil
	}
	text, err := io.ReadAll(in) // it is in memory
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, c := range text {
		if windows && c >= 0x80 && c < 0xA0 {
			b.WriteRune(windows1252[c-0x80])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return strings.NewReader(b.String()), nil
}

// windows1252 are its characters from 0x80 on that are not those of ISO-8859-1; what it has none for is as there.
var windows1252 = [0x20]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8D, 'Ž', 0x8F,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9D, 'ž', 'Ÿ',
}
