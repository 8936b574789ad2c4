package dialplan

import (
	"context"
	"math"
	"strconv"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// notNumber is the message for a text where a number is expected.
const notNumber = "not a number"

func abs(_ context.Context, c *Call) (string, error) {
	f, ok := cnum.ScanFloat(c.Args, 64)
	if !ok {
		c.fault(notNumber)
		return "", nil
	}
	return formatShort(math.Abs(f)), nil
}

func maximum(_ context.Context, c *Call) (string, error) {
	return c.better(func(a, b float64) bool { return b > a })
}

func minimum(_ context.Context, c *Call) (string, error) {
	return c.better(func(a, b float64) bool { return b < a })
}

// better returns the first of two numbers, or the second if it is better. One of them may be missing.
func (c *Call) better(than func(a, b float64) bool) (string, error) {
	var numbers []float64
	for _, part := range c.Split(2) {
		if part == "" {
			continue
		}
		f, ok := cnum.ScanFloat(part, 64)
		if !ok {
			c.fault(notNumber)
			return "", nil
		}
		numbers = append(numbers, f)
	}
	switch {
	case len(numbers) == 0:
		c.fault("no number")
		return "", nil
	case len(numbers) == 2 && than(numbers[0], numbers[1]):
		return formatShort(numbers[1]), nil
	}
	return formatShort(numbers[0]), nil
}

// formatShort writes a number. It writes no decimals if the number is a C int.
func formatShort(f float64) string {
	if n := cnum.ToInt(f); float64(n) == f {
		return strconv.Itoa(int(n))
	}
	return cnum.FormatDouble(f)
}

// digitSum adds up the digits and ignores all else.
func digitSum(_ context.Context, c *Call) (string, error) {
	if !c.given() {
		return "", nil
	}
	sum := 0
	for i := range len(c.Args) {
		if ch := c.Args[i]; ch >= '0' && ch <= '9' {
			sum += int(ch - '0')
		}
	}
	return strconv.Itoa(sum), nil
}
