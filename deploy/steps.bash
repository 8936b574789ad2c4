# shellcheck shell=bash
# deploy/lib.bash and deploy/packages/box.bash source this file: steps, failures, and waiting.

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

reason=
fail() {
  reason=$*
  exit 1
}

# within SECONDS COMMAND...: repeats the command until it succeeds
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "not within its time: $*"
    sleep 0.1
  done
}
