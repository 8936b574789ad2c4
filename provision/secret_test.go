package provision

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestSecretNeverShows(t *testing.T) {
	s := Secret("hunter2")
	nested := struct {
		S Secret
		P *Secret
		M map[string]Secret
	}{s, &s, map[string]Secret{"k": s}}
	encoded, err := json.Marshal(nested)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{string(encoded), s.String(), s.GoString()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10s"} {
		printed = append(printed, fmt.Sprintf(verb, s), fmt.Sprintf(verb, nested.M))
	}
	printed = append(printed, fmt.Sprintf("%v %+v", nested, nested), fmt.Errorf("login: %w %v", fmt.Errorf("x"), s).Error())
	for _, p := range printed {
		if strings.Contains(p, "hunter2") || strings.Contains(p, "68756e74657232") {
			t.Errorf("the secret shows: %q", p)
		}
	}
	if got := s.Reveal(); got != "hunter2" {
		t.Errorf("Reveal: got %q", got)
	}
}
