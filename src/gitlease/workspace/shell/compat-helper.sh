#!/bin/sh
# gitlease under the name that older images call. Written by `gitlease install --compat`; changes
# are lost at the next one.

set +aeuvx -f
unset -f [ command echo printf read
python=@python@ main=@main@ home=@home@

# An image is built by root and runs as somebody else, who then has a folder of his own.
if [ ! -O "$home" ]; then
	home=$GITLEASE_HOME
	case $home in
	/*) ;;
	*)
		case $XDG_STATE_HOME in
		/*) home=$XDG_STATE_HOME/gitlease ;;
		*) home=${HOME:-/nonexistent}/.local/state/gitlease ;;
		esac
		;;
	esac
	: "${GITLEASE_TOKEN_FILE=${HOME:+$HOME/.gh_token}}"
	export GITLEASE_TOKEN_FILE
fi
GITLEASE_HOME=$home
export GITLEASE_HOME

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
