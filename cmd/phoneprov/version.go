package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

func setupVersion(cl *call) func(context.Context) error {
	return func(context.Context) error {
		_, err := fmt.Fprintf(cl.stdout, "phoneprov %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}
}

// release is the version that deploy/Dockerfile sets, because a build there has no git. Nothing sets it at run time.
var release string

// version returns release, or else what the Go command wrote into the binary: a tag, or a pseudo-version of the commit.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
