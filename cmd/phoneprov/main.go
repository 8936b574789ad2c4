package main

import (
	"context"
	"os"
	_ "time/tzdata" // the image has no time-zone database
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}
