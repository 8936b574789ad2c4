package dialplan

import (
	"context"
	"strings"
)

// baseName is POSIX's basename. For an empty path it returns a dot.
func baseName(_ context.Context, c *Call) (string, error) {
	if c.Args == "" {
		return ".", nil
	}
	path := strings.TrimRight(c.Args, "/")
	if path == "" {
		return "/", nil
	}
	return path[strings.LastIndexByte(path, '/')+1:], nil
}

// dirName is glibc's dirname, for which exactly two slashes differ from one.
func dirName(_ context.Context, c *Call) (string, error) {
	path := strings.TrimRight(c.Args, "/")
	if path == "" {
		return root(c.Args), nil
	}
	parent := path[:strings.LastIndexByte(path, '/')+1]
	if dir := strings.TrimRight(parent, "/"); dir != "" {
		return dir, nil
	}
	return root(parent), nil
}

// root returns the directory that slashes alone stand for.
func root(slashes string) string {
	switch len(slashes) {
	case 0:
		return "."
	case 2:
		return "//"
	}
	return "/"
}
