#!/bin/bash
# A stand-in for the bash daemon that fleets copy from image to image, written for this benchmark: a
# resident bash with functions that fetch, log in and log, which sleeps between its rounds. It is
# not that program, and its rounds do nothing.
set -euo pipefail

interval=${TOKEN_REFRESH_INTERVAL_SEC:-2700}
jitter_max=${TOKEN_REFRESH_JITTER_SEC:-120}
log_file=$HOME/daemon.log

log() {
	echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*" >>"$log_file"
}

jitter() {
	echo $((RANDOM % (jitter_max + 1)))
}

refresh() {
	local token
	token=$(printf 'protocol=https\nhost=github.com\n\n' | cat | tr -d '[:space:]')
	[ -n "$token" ] || return 1
	log "refreshed"
}

trap 'log "ends"; exit 0' TERM INT
log "starts, pid $$"
while true; do
	refresh || log "failed"
	sleep $((interval + $(jitter)))
done
