package httpapi

import (
	"io"
	"net/http"
)

// healthz answers 200 as long as the process serves. It does not depend on Asterisk, because a restart of phoneprov
// would not bring Asterisk back.
func (a *api) healthz(w http.ResponseWriter, _ *http.Request, _ *entry) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, "ok\n")
	return err
}
