# shellcheck shell=bash disable=SC2034
# deploy/walkthrough, deploy/linphone and deploy/firstphone source this file. It starts docker-compose.yml with a copy of the sample
# configuration, as a project of its own with its own ports, and removes everything at the end.
# It sets $config, the copy of deploy/sample/asterisk; $url, where phones fetch; and $sip_port, where they register.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
config=$work/asterisk

export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-phoneprov-proof} ASTERISK_CONFIG=$config PHONEPROV_DATA=$work/phoneprov
export BIND=127.0.0.1 HTTP_PORT=${HTTP_PORT:-0} SIP_PORT=${SIP_PORT:-0} # 0: any free port

# shellcheck source-path=SCRIPTDIR source=steps.bash
source "$root/deploy/steps.bash"

compose() {
  local tool=(docker-compose)
  docker compose version >/dev/null 2>&1 && tool=(docker compose)
  (cd "$root" && "${tool[@]}" "$@") </dev/null
}

cli() { # runs a command of the Asterisk CLI
  echo "asterisk> $1"
  compose exec -T asterisk asterisk -rx "$1"
}

fetch() { curl -fsS --max-time 10 "$url/$1"; } # fetch FILE: fetches it as a phone does
shows() { fetch "$1" | grep -F -- "$2" >/dev/null; } # shows FILE TEXT: grep -q would break curl's pipe

# edit FILE SED TEXT: edits a file of the configuration; like many editors it writes a new file and renames it. The result
# must contain TEXT.
edit() { sed -i "$2" "$config/$1" && grep -qF -- "$3" "$config/$1"; }

healthy() { [[ $(docker inspect -f '{{.State.Health.Status}}' "$(compose ps -q "$1")") == healthy ]]; }
published() { compose port "$@" | sed 's/.*://'; }

deploy() {
  mkdir "$config" "$PHONEPROV_DATA"
  cp -R "$root/deploy/sample/asterisk/." "$config"
  cp -R "$root/deploy/sample/phoneprov/." "$PHONEPROV_DATA"
  chmod -R a+rX "$config" "$PHONEPROV_DATA"
  trap undeploy EXIT
  compose down -v --remove-orphans >/dev/null 2>&1 || true # left by an interrupted run
  step "docker-compose up --build -d"
  compose up --build -d >"$work/up.log" 2>&1 || { tail -n 40 "$work/up.log" >&2; fail "docker-compose up"; }
  within 120 healthy phoneprov
  url=http://127.0.0.1:$(published phoneprov 8080)/phoneprov
  sip_port=$(published --protocol udp asterisk 5060)
  compose ps
}

undeploy() {
  local status=$?
  trap - EXIT
  set +e
  jobs -p | xargs -r kill 2>/dev/null
  if declare -F end >/dev/null; then end; fi # of the script, for containers of its own
  ((status == 0)) || compose logs --no-color 2>&1 | grep -v '"method":"GET"' | tail -n 60 >&2
  compose down -v --remove-orphans >/dev/null 2>&1
  rm -rf "$work"
  ((status == 0)) || echo "FAILED: ${reason:-$0 ended with status $status}" >&2
  exit "$status"
}
