#!/bin/sh
# Leads the git of every user of this machine to that user's own credential helper, or to Python
# where there is none yet. Written by `gitlease install --scope system`; changes are lost.

set +aeuvx -f
unset -f [ command echo printf read
python=@python@ main=@main@

@include own-home.sh@
helper=$home/bin/git-credential-gitlease
# Somebody else's program would be told what this user's git sends, and so would one of this user's
# own to which somebody else has laid a link.
if [ -f "$helper" ] && [ -x "$helper" ] && [ -O "$helper" ] && [ ! -h "$helper" ] &&
	[ -O "$home" ] && [ ! -h "$home" ] && [ -O "$home/bin" ] && [ ! -h "$home/bin" ]; then
	exec "$helper" "$@"
fi
[ -x "$python" ] && [ -r "$main" ] || exit 0
case $1 in get | erase) exec "$python" -I -S "$main" credential "$1" ;; esac
exit 0
