package admin

import (
	_ "embed"
	"net/http"
)

// description is the OpenAPI document, written by hand. TestOpenAPI holds all answers against it.
//
//go:embed openapi.json
var description []byte

func (a *API) openAPI(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	return answerText(w, r, http.StatusOK, description)
}

// metrics answers Prometheus.
func (a *API) metrics(w http.ResponseWriter, r *http.Request) error {
	if a.Metrics == nil {
		return errNoPath
	}
	a.Metrics.ServeHTTP(w, r)
	return nil
}
