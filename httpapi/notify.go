package httpapi

import (
	"fmt"
	"net/http"
)

// notify lets admins of this machine tell phones, and no web page.
func (a *api) notify(w http.ResponseWriter, r *http.Request, e *entry) error {
	if !e.client.addr.IsLoopback() {
		w.WriteHeader(http.StatusForbidden)
		_, err := fmt.Fprintln(w, "phones are told from the machine that phoneprov runs on")
		return err
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		w.WriteHeader(http.StatusForbidden)
		_, err := fmt.Fprintln(w, "the request comes from a page of another site")
		return err
	}
	a.Notify.ServeHTTP(w, r)
	return nil
}
