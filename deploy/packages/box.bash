# shellcheck shell=bash
# deploy/packages/try and deploy/packages/migrate source this file. It starts a machine: a container of Debian 11 with Asterisk 16
# and systemd, which starts services as on any machine, and removes it at the end.
# It sets $work, a directory that the machine has as /work.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
machine=phoneprov-machine-$$

# shellcheck source-path=SCRIPTDIR source=steps.bash
source "$root/deploy/steps.bash"

box() { docker exec -i "$machine" "$@"; }

start_box() {
  trap end_box EXIT
  docker image inspect phoneprov-asterisk:bullseye >/dev/null 2>&1 ||
    docker build -q --build-arg SUITE=bullseye -t phoneprov-asterisk:bullseye "$root/deploy/asterisk" >/dev/null
  docker build -q -t phoneprov-machine:bullseye - >/dev/null <<'TEXT'
FROM phoneprov-asterisk:bullseye
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends systemd systemd-sysv procps rpm curl acl \
 && rm -rf /var/lib/apt/lists/* /etc/dpkg/dpkg.cfg.d/docker \
 && rm -rf /run/phoneprov && gpasswd -d asterisk phoneprov && groupdel phoneprov
CMD ["/sbin/init"]
TEXT
  local as=(--cap-add SYS_ADMIN -v /sys/fs/cgroup:/sys/fs/cgroup:ro)
  [[ ! -e /sys/fs/cgroup/cgroup.controllers ]] || as=(--privileged --cgroupns=private)
  docker run -d --name "$machine" --label phoneprov-oracle "${as[@]}" --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
    --tmpfs /run --tmpfs /tmp -v "$work:/work" phoneprov-machine:bullseye >/dev/null
  within 60 box systemctl is-system-running --wait
}

end_box() {
  local status=$?
  trap - EXIT
  set +e
  if ((status != 0)); then
    box journalctl --no-pager -n 60 2>/dev/null >&2
    echo "FAILED: ${reason:-$0 ended with status $status}" >&2
  fi
  docker rm -f "$machine" >/dev/null 2>&1
  rm -rf "$work"
  exit "$status"
}
