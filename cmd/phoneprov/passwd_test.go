package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/term"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// terminal is both ends of one: what is typed at the one is read at the other.
func terminal(t *testing.T) (keyboard, tty *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	var number, unlocked int32
	for request, value := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlocked} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, keyboard.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return keyboard, tty
}

// A password that is typed shows nowhere, and the terminal is as before whatever was typed.
func TestAskPassword(t *testing.T) {
	for _, tt := range []struct {
		name  string
		typed []string // one a prompt
		want  string
		err   string
	}{
		{"the same twice", []string{"s3cret\r", "s3cret\r"}, "s3cret", ""},
		{"two", []string{"s3cret\r", "s3cre7\r"}, "", "the passwords differ"},
		{"nothing", []string{"\r", "\r"}, "", ""},
		{"Ctrl-C", []string{"s3c\x03"}, "", "no password was typed"},
		{"Ctrl-D", []string{"\x04"}, "", "no password was typed"},
		{"Ctrl-C at the second", []string{"s3cret\r", "\x03"}, "", "the passwords differ"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keyboard, tty := terminal(t)
			before, err := term.GetState(int(tty.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			shown := new(testkit.Log)
			done := make(chan error, 1)
			var got string
			go func() {
				password, err := readPassword(tty, shown)
				got = password.Reveal()
				done <- err
			}()
			for i, keys := range tt.typed {
				testkit.WaitFor(t, func() error {
					if prompts := strings.Count(shown.String(), ": "); prompts != i+1 {
						return fmt.Errorf("%d prompts", prompts)
					}
					return nil
				})
				if _, err := keyboard.WriteString(keys); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case err = <-done:
			case <-time.After(testkit.Patience):
				t.Fatal("it still asks")
			}
			text := ""
			if err != nil {
				text = err.Error()
			}
			if got != tt.want || text != tt.err {
				t.Errorf("got %q, %q, want %q, %q", got, text, tt.want, tt.err)
			}
			if text := shown.String(); strings.Contains(text, "s3c") {
				t.Errorf("shown: %q", text)
			}
			if after, err := term.GetState(int(tty.Fd())); err != nil || *after != *before {
				t.Errorf("the terminal is not as before (%v)", err)
			}
			fmt.Fprint(tty, "end") // what the terminal itself showed comes before it
			buf := make([]byte, 1000)
			if n, err := keyboard.Read(buf); err != nil || string(buf[:n]) != "end" {
				t.Errorf("the terminal showed %q (%v)", buf[:n], err)
			}
		})
	}
}
