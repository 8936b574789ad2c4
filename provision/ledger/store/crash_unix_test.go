//go:build unix

package store

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// childEnv turns the test binary into a process that writes to a store. Its value is the task and the directory.
const childEnv = "STORE_TEST_CHILD"

// TestKilledWhileItWrites checks that the file opens and has everything that was committed.
func TestKilledWhileItWrites(t *testing.T) {
	dir := t.TempDir()
	committed := 0
	for range skips.Size(t, 100, 3) {
		cmd := child(t, "write", dir, strconv.Itoa(committed+1))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() {
			t.Fatal("the writer wrote nothing")
		}
		time.AfterFunc(time.Duration(rand.IntN(50_000))*time.Microsecond, func() { cmd.Process.Kill() })
		for more := true; more; more = lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatalf("the writer says %q", lines.Text())
			}
			committed = n
		}
		cmd.Wait() // an error: the child was killed
		d, err := Open(dir, Options{Note: func(text string) { t.Errorf("after a kill: %s", text) }})
		if err != nil {
			t.Fatal(err)
		}
		records, _ := all(t, d)
		events, err := d.History(phoneID)
		if err != nil || len(events) == 0 {
			t.Fatalf("got %d events, %v", len(events), err)
		}
		last, _ := strconv.Atoi(events[0].Detail)
		if last < committed || len(records) != 50 {
			t.Fatalf("%d was committed, and the last that is there is %d, with %d records", committed, last, len(records))
		}
		for _, r := range records { // each transaction is complete or absent
			if r.Files[0].Bytes != int64(last) {
				t.Fatalf("record %s is of commit %d, and the history of %d", r.ID, r.Files[0].Bytes, last)
			}
		}
		committed = last
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDiskThatIsFull checks that a failed commit loses nothing, and that commits work again once there is room.
func TestDiskThatIsFull(t *testing.T) {
	dir := t.TempDir()
	out, err := child(t, "fill", dir, "0").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "full ") || !strings.HasSuffix(string(out), "\nworks again\n") {
		t.Fatalf("%v: %s", err, out)
	}
	var records int
	fmt.Sscanf(string(out), "full %d", &records)
	got, _ := all(t, openDB(t, dir, Options{}))
	if len(got) != records+1 || records == 0 {
		t.Errorf("got %d records, want %d", len(got), records+1)
	}
}

func child(t *testing.T, do, dir, first string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{do, dir, first}, string(filepath.ListSeparator)))
	cmd.Stderr = os.Stderr
	if do == "fill" {
		cmd.Stderr = nil
	}
	return cmd
}

// runChild runs the child's task. It ends with an error, or is killed.
func runChild(task string) error {
	part := strings.Split(task, string(filepath.ListSeparator))
	d, err := Open(part[1], Options{})
	if err != nil {
		return err
	}
	if part[0] == "fill" {
		return fill(d)
	}
	first, err := strconv.Atoi(part[2])
	for n := first; err == nil; n++ {
		var b ledger.Batch
		for i := range 50 {
			r := record(fmt.Sprintf("%012x", i))
			r.Files[0].Bytes = int64(n)
			b.Records = append(b.Records, r)
		}
		e := event(n)
		e.Detail = strconv.Itoa(n)
		b.Now, b.Events = e.At, []ledger.Event{e}
		if err = d.Commit(b); err == nil {
			fmt.Println(n)
		}
	}
	return err
}

// fill commits until the file may not grow any more. Then it lifts that limit and commits once more.
func fill(d *DB) error {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	small := limit
	small.Cur = 256 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		return err
	}
	n := 0
	for ; n < 100_000; n += 100 {
		var b ledger.Batch
		for i := range 100 {
			b.Records = append(b.Records, record(fmt.Sprintf("%012x", n+i)))
		}
		if err := d.Commit(b); err != nil {
			fmt.Printf("full %d: %v\n", n, err)
			break
		}
	}
	if err := d.Commit(ledger.Batch{Records: []ledger.Record{record("ffffffffffff")}}); err != nil {
		fmt.Println("still full:", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := d.Commit(ledger.Batch{Records: []ledger.Record{record("ffffffffffff")}}); err != nil {
		return err
	}
	fmt.Println("works again")
	return d.Close()
}
