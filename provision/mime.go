package provision

import (
	"path"
	"strings"
)

// defaultMIME is the type of a file whose profile has no mime_type, as in Asterisk.
const defaultMIME = "text/plain"

// mimeByExtension are the extensions that determine a type. Asterisk's phoneprov.conf documents mime_type as the
// "default mime type to use if one isn't specified or the extension isn't recognized". The table does not have .cfg and
// vendors' firmware files, because their type differs from vendor to vendor.
var mimeByExtension = map[string]string{
	".bmp":  "image/bmp",
	".css":  "text/css",
	".gif":  "image/gif",
	".htm":  "text/html",
	".html": "text/html",
	".jpeg": "image/jpeg",
	".jpg":  "image/jpeg",
	".js":   "text/javascript",
	".json": "application/json",
	".mp3":  "audio/mpeg",
	".png":  "image/png",
	".txt":  "text/plain",
	".wav":  "audio/wav",
	".xml":  "text/xml",
	".zip":  "application/zip",
}

// TypedByExtension reports whether the extension of a file's name determines its type where the configuration names none.
func TypedByExtension(name string) bool {
	return mimeByExtension[strings.ToLower(path.Ext(name))] != ""
}

// resolveMIME returns the type of a file that is served as uri: the file's own, or that of the extension, or that of
// the profile, or text/plain.
func resolveMIME(f *file, uri string) string {
	if f.mime != "" {
		return f.mime
	}
	if byExtension := mimeByExtension[strings.ToLower(path.Ext(uri))]; byExtension != "" {
		return byExtension
	}
	if f.unknown != "" {
		return f.unknown
	}
	return defaultMIME
}
