package amisync

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// A key with the high number of a line does not allocate room for as many lines.
func TestConfigOfHighNumbers(t *testing.T) {
	answer := ami.Message{}
	for i := range 5000 {
		answer[fmt.Sprintf("Category-%06d", i)] = "c"
		answer[fmt.Sprintf("Line-%06d-009999", i)] = "a=b"
	}
	if n := testing.AllocsPerRun(1, func() { _, _ = parseConfig("x.conf", answer) }); n > 100_000 {
		t.Errorf("%v allocations", n)
	}
	if _, err := parseConfig("x.conf", answer); err == nil || !strings.Contains(err.Error(), "not whole") {
		t.Errorf("got %v", err)
	}
}

// An answer of megabytes is read completely.
func TestLargeConfig(t *testing.T) {
	t.Parallel()
	_, address := fake(t, map[string]string{"users.conf": manyUsers(5000)}, amiserver.Options{})
	file, err := getConfig(testkit.Within(t, 20*time.Second), mustConnect(t, address, nil), "", "users.conf", "")
	if err != nil || len(file.Categories) != 5001 || len(slices.Collect(file.Categories[5000].Vars())) != 9 {
		t.Errorf("got %v", err)
	}
}
