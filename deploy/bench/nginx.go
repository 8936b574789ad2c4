package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// nginxConfig serves a directory as phoneprov does: with the same headers, and an access log to a file.
const nginxConfig = `daemon off;
%[4]sworker_processes auto;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx-error.log;
events { worker_connections 1024; }
http {
  access_log %[1]s/nginx-access.log;
  client_body_temp_path %[1]s/nginx-body;
  proxy_temp_path %[1]s/nginx-proxy;
  fastcgi_temp_path %[1]s/nginx-fastcgi;
  uwsgi_temp_path %[1]s/nginx-uwsgi;
  scgi_temp_path %[1]s/nginx-scgi;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  default_type text/xml;
  server {
    listen %[2]s;
    location /phoneprov/ {
      alias %[3]s/;
      add_header Cache-Control "no-cache, no-store";
    }
  }
}
`

// startNginx starts an nginx that serves the files of a directory.
func (b *bench) startNginx(ctx context.Context, www string) (*server, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		return nil, missing("no nginx")
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "nginx-")
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 { // as nobody, its workers could not read our files
		user = "user root;\n"
	}
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, fmt.Appendf(nil, nginxConfig, dir, address, www, user), 0o644); err != nil {
		return nil, err
	}
	cmd, _, err := b.start("nginx", nil, program, "-c", path, "-p", dir, "-e", filepath.Join(dir, "nginx-error.log"))
	if err != nil {
		return nil, err
	}
	s := &server{"nginx", address, cmd.Process.Pid}
	return s, awaitOK(ctx, s.url(tree.File(0)))
}

// startChi starts the bare chi handler with the files of a directory.
func (b *bench) startChi(ctx context.Context, www string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd, _, err := b.start("barechi", nil, b.options.barechi, "-listen", address, "-dir", www)
	if err != nil {
		return nil, err
	}
	s := &server{"bare chi", address, cmd.Process.Pid}
	return s, awaitOK(ctx, s.url(tree.File(0)))
}
