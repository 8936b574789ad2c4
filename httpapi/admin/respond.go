package admin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// serve calls the handler and answers its error with a problem.
func (h handler) serve(w http.ResponseWriter, r *http.Request) {
	err := h(w, r)
	if err == nil {
		return
	}
	status, detail := StatusOf(err)
	text, _ := json.Marshal(problem{"about:blank", http.StatusText(status), status, detail}) // cannot fail: texts and a number
	header := w.Header()
	header.Del("Etag")
	header.Set("Content-Type", "application/problem+json")
	send(w, r, status, append(text, '\n'))
}

// answer sends a value as JSON.
func answer(w http.ResponseWriter, r *http.Request, status int, value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(true) // a client that takes it for HTML finds no tag
	if err := encoder.Encode(value); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return answerText(w, r, status, text.Bytes())
}

// answerText sends a text with its entity tag, or 304 if the client has it.
func answerText(w http.ResponseWriter, r *http.Request, status int, text []byte) error {
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	if status == http.StatusOK && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		w.Header().Set("ETag", tag)
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	send(w, r, status, text)
	return nil
}

// send writes a body, or for HEAD only its length. httpapi logs errors of the connection.
func send(w http.ResponseWriter, r *http.Request, status int, text []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text)
	}
}

// matches reports whether an If-None-Match header contains tag (RFC 9110, 13.1.2).
func matches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}
