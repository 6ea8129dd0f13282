#!/bin/sh
# gitlease's refresher under the name that older images start. Written by `gitlease install
# --compat`; changes are lost at the next one.

set +aeuvx -f
unset -f [ command echo printf read
python=@python@ main=@main@ home=@home@

# Where another refresher serves this home, its end is awaited: whoever has started us would start
# us again at once.
if [ "$1" = wait ]; then
	child=''
	trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 0' HUP INT TERM
	sleep 30 </dev/null &
	child=$!
	wait "$child"
	trap - HUP INT TERM
	[ -f "$0" ] || exit 0
fi

@include older-home.sh@
exec "$python" -I -S "$main" refresh --stay "$0"
