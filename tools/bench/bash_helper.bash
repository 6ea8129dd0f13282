#!/bin/bash
# A stand-in for the bash credential helper that fleets copy from image to image, written for this
# benchmark: it does the same kind of work by the same kind of means (a token file and an expiry
# file read by `cat | tr`, the time from `date`, curl and sed on a miss), and it is not that program.
#
# HOME holds its files. For a miss: `url` answers with a token, `bearer` is a curl header file, and
# `.curlrc`, which curl reads by itself, has what else that takes.
set -euo pipefail

cache=$HOME/cache

epoch() {
	date +%s
}

cached() {
	[ -f "$cache/token" ] && [ -f "$cache/expiry" ] || return 1
	expiry=$(cat "$cache/expiry" | tr -d '[:space:]')
	[ -n "$expiry" ] || return 1
	now=$(epoch)
	[ "$now" -lt "$expiry" ] || return 1
	token=$(cat "$cache/token" | tr -d '[:space:]')
	[ -n "$token" ] && echo "$token"
}

fetched() {
	url=$(cat "$HOME/url")
	reply=$(curl -sf --max-time 10 -H "@$HOME/bearer" "$url")
	token=$(echo "$reply" | sed -n 's/.*"token": *"\([^"]*\)".*/\1/p')
	[ -n "$token" ] || return 1
	mkdir -p "$cache"
	chmod 700 "$cache"
	umask 077
	now=$(epoch)
	printf %s "$token" >"$cache/token.new"
	printf %s "$((now + 3000))" >"$cache/expiry.new"
	mv -f "$cache/token.new" "$cache/token"
	mv -f "$cache/expiry.new" "$cache/expiry"
	echo "$token"
}

token() {
	found=$(cached) || found=$(fetched) || return 1
	echo "$found"
}

case ${1-get} in
get)
	token=$(token) || exit 1
	printf 'username=x-access-token\npassword=%s\n\n' "$token"
	;;
esac
