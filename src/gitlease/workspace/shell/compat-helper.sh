#!/bin/sh
# gitlease under the name that older images call. Written by `gitlease install --compat`; changes
# are lost at the next one.

set +aeuvx -f
unset -f [ command echo printf read
python=@python@ main=@main@ home=@home@ helper=@helper@
GITLEASE_HOME=$home
export GITLEASE_HOME

case $1 in
get)
	# Without an answer git is to ask its next helper, as it always did here.
	reply=$("$helper" get)
	case $reply in
	*password=*) printf '%s\n\n' "$reply" ;;
	*) exit 1 ;;
	esac
	;;
store) exit 0 ;;
erase) exec "$helper" erase ;;
_fetch_token) exec "$python" -I -S "$main" token ;;
_refresh_gh) exec "$python" -I -S "$main" refresh --fresh >/dev/null ;;
_invalidate_cache) exec "$python" -I -S "$main" invalidate >/dev/null ;;
*)
	echo "gitlease: $0 knows get, store, erase, _fetch_token, _refresh_gh and _invalidate_cache" >&2
	exit 1
	;;
esac
