#!/bin/sh
# gitlease's gh: replaces a stale App's token in the environment and becomes the next gh on PATH.
# Written by `gitlease install`; changes are lost at the next one.

# A bash takes options and functions from the environment; none of them shall see a token.
set +aeuvx -f
unset -f [ command echo printf read
# gh inherits what the caller exported, so no name of ours may be one of the caller's.
_gitlease_first='' _gitlease_second='' _gitlease_gh='' _gitlease_token='' _gitlease_newline='
'

# A shim is known by its second line, whatever its path: ours by a link, or that of another home.
_gitlease_find() {
	_gitlease_ifs=$IFS IFS=:
	for _gitlease_folder in $PATH; do
		case $_gitlease_folder in /*) ;; *) continue ;; esac
		[ -f "$_gitlease_folder/gh" ] && [ -x "$_gitlease_folder/gh" ] || continue
		_gitlease_second=''
		{
			IFS= read -r _gitlease_first
			case $_gitlease_first in '#!'*) IFS= read -r _gitlease_second ;; esac
		} 2>/dev/null <"$_gitlease_folder/gh"
		case $_gitlease_second in
		"# gitlease's gh:"*) ;;
		*)
			_gitlease_gh=$_gitlease_folder/gh
			break
			;;
		esac
	done
	IFS=$_gitlease_ifs
}

# Whoever says a token of ours that lives means that one: it may be another owner's than gh's.
_gitlease_lives() {
	[ -e /proc/self ] || return 1
	_gitlease_meant=$1
	set +f
	set -- @cache@/*
	set -f
	for _gitlease_record; do
		[ -f "$_gitlease_record" ] && [ -O "$_gitlease_record" ] && [ ! -h "$_gitlease_record" ] &&
			[ "$_gitlease_record" -nt /proc/self ] || continue
		while IFS= read -r _gitlease_first; do
			[ "$_gitlease_first" != "password=$_gitlease_meant" ] || return 0
		done <"$_gitlease_record"
	done
	return 1
}

# The helper answers from the cache, or has the token fetched; where it cannot, it says why. The
# variables of its own last resort are kept from it: what they hold is here already.
_gitlease_fresh() {
	[ -z "$_gitlease_token" ] || return 0
	if [ ! -x @helper@ ]; then
		echo "gitlease: gh keeps its stale token: "@helper@" is gone; install gitlease again and run \`gitlease install\`" >&2
		return 1
	fi
	_gitlease_token=$(printf 'protocol=https\nhost=%s\npath=%s\n\n' @host@ @owner@ |
		GH_TOKEN='' GITHUB_TOKEN='' @helper@ get)
	case $_gitlease_token in
	*password=*) _gitlease_token=${_gitlease_token#*password=} ;;
	*) return 1 ;;
	esac
	_gitlease_token=${_gitlease_token%%"$_gitlease_newline"*}
}

# A gh may be the first thing that runs, before the refresher's first round has logged it in.
_gitlease_login() {
	case ${1-} in '' | -* | auth | alias | completion | config | extension | help | version) return ;; esac
	case ${GH_HOST:-@default@} in @host_pattern@) ;; *) return ;; esac
	[ -z "$@first@$@second@" ] && [ -x @python@ ] && [ -f @main@ ] || return
	_gitlease_folder=${GH_CONFIG_DIR:-${XDG_CONFIG_HOME:-${HOME-}/.config}/gh}
	if [ -f "$_gitlease_folder/hosts.yml" ]; then
		while IFS= read -r _gitlease_first || [ -n "$_gitlease_first" ]; do
			case $_gitlease_first in *@host_pattern@*) return ;; esac
		done <"$_gitlease_folder/hosts.yml"
	fi
	GITLEASE_HOME=@home@ @python@ -I -S @main@ refresh --login </dev/null >/dev/null
}

ulimit -S -c 0
# gh means these variables for the host that it talks to. A token that is no App's is a person's.
case ${GH_HOST:-@default@} in
@host_pattern@)
	case $@first@ in
	ghs_*) if ! _gitlease_lives "$@first@" && _gitlease_fresh; then @first@=$_gitlease_token; fi ;;
	esac
	case $@second@ in
	ghs_*) if ! _gitlease_lives "$@second@" && _gitlease_fresh; then @second@=$_gitlease_token; fi ;;
	esac
	;;
esac

# Where nobody uses git, nobody else sees that the refresher is dead: the time of this file is that of
# its next round. That is looked after beside gh, which shall neither wait nor hear of it.
if [ -f @home@/run/refresher.wanted ] && [ -e /proc/self ] &&
	[ ! @home@/run/status.json -nt /proc/self ] && [ -x @helper@ ]; then
	(printf 'protocol=https\nhost=%s\n\n' @host@ | @helper@ erase >/dev/null 2>&1 &)
fi

_gitlease_find
if [ -z "$_gitlease_gh" ]; then
	echo 'gitlease: there is no gh on PATH but our own, which only hands on; install gh' >&2
	exit 127
fi
if [ -f @wanted@ ]; then _gitlease_login "$@"; fi
exec "$_gitlease_gh" "$@"
