#!/bin/sh
# gitlease under the name that older images call. Written by `gitlease install --compat`; changes
# are lost at the next one.

set +aeuvx -f
unset -f [ command echo printf read
python=@python@ main=@main@ home=@home@

@include older-home.sh@

# Failures are told by 1 alone, as they always were here.
ours() {
	"$python" -I -S "$main" "$@" || exit 1
}

credential() {
	helper=$home/bin/git-credential-gitlease
	if [ -f "$helper" ] && [ -x "$helper" ] && [ -O "$helper" ] && [ ! -h "$helper" ] &&
		[ -O "$home" ] && [ ! -h "$home" ] && [ -O "$home/bin" ] && [ ! -h "$home/bin" ]; then
		"$helper" "$1"
	else
		ours credential "$1"
	fi
}

case $1 in
get)
	# Without an answer git is to ask its next helper, as it always did here.
	reply=$(credential get)
	case $reply in
	*password=*) printf '%s\n\n' "$reply" ;;
	*) exit 1 ;;
	esac
	;;
store) exit 0 ;;
erase) credential erase ;;
_fetch_token) ours token ;;
_refresh_gh) ours refresh --fresh >/dev/null ;;
_invalidate_cache) ours invalidate >/dev/null ;;
*)
	echo "gitlease: $0 knows get, store, erase, _fetch_token, _refresh_gh and _invalidate_cache" >&2
	exit 1
	;;
esac
