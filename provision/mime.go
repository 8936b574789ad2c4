package provision

import (
	"path"
	"strings"
)

// defaultMIME is Asterisk's, for a file whose profile has no mime_type.
const defaultMIME = "text/plain"

// mimeByExtension are the extensions that name a type by themselves. phoneprov.conf of Asterisk documents mime_type as
// the "default mime type to use if one isn't specified or the extension isn't recognized"; .cfg and the firmware files
// of the vendors are not here, for they mean another type with every vendor.
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

// resolveMIME is the type of a file that is served as uri: its own, its extension's, its profile's, or text/plain.
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
