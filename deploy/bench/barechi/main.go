// Command barechi is the limit that phoneprov is measured against: chi, and handlers that send constant bytes with the
// headers of phoneprov's own answers. A large file is sent by http.ServeContent alone.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
)

// maxConstant is the size in bytes up to which a file is held in memory.
const maxConstant = 8 << 20

func main() {
	listen := flag.String("listen", "127.0.0.1:8082", "`address`")
	dir := flag.String("dir", ".", "`directory` whose files are served under /phoneprov/")
	flag.Parse()
	h, err := handler(*dir, maxConstant)
	if err != nil {
		log.Print(err)
		os.Exit(1)
	}
	server := &http.Server{Addr: *listen, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	log.Print(server.ListenAndServe())
	os.Exit(1)
}

// handler serves the files of dir. It holds those of up to constantSize bytes in memory.
func handler(dir string, constantSize int64) (http.Handler, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.Size() > constantSize {
			r.Get("/phoneprov/"+e.Name(), content(path))
			continue
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		r.Get("/phoneprov/"+e.Name(), constant(body))
	}
	return r, nil
}

// constant sends bytes with the headers that phoneprov sends.
func constant(body []byte) http.HandlerFunc {
	tag, length := fmt.Sprintf("%q", fmt.Sprintf("%032x", len(body))), strconv.Itoa(len(body))
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/xml")
		h.Set("ETag", tag)
		h.Set("Accept-Ranges", "bytes")
		h.Set("Cache-Control", "no-cache, no-store")
		h.Set("Content-Length", length)
		_, _ = w.Write(body)
	}
}

func content(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", time.Time{}, f)
	}
}
