#!/bin/sh
# git's credential helper: answers from gitlease's cache without starting a process, and hands
# everything else to Python. Written by `gitlease install`; changes are lost at the next one.

# A bash takes options and functions from the environment; none of them shall see a token.
set +aeuvx -f
unset -f [ command echo printf read ulimit
python=@python@ main=@main@ home=@home@ settings=@settings@ closed=@closed@

case $1 in
get) ;;
erase)
	GITLEASE_HOME=$home
	export GITLEASE_HOME
	[ ! -f "$main" ] || exec "$python" -I -S "$main" credential erase
	exit 0
	;;
capability)
	printf 'version 0\ncapability state\n'
	exit 0
	;;
*) exit 0 ;;
esac

LC_ALL=C
ulimit -c 0
# What the caller's environment calls by these names is none of ours, nor is it to have them.
# TMOUT would have a bash take the half of a line for all of it.
unset TMOUT protocol host path username state refused lfs cache owner repository
unset file record exact search boot now until began line asked count newline
count=0 newline='
'

# dash parses a program as far as it comes, for a quarter of the time that is ours here; a function
# it copies too. So an answer's way leads straight down, and what is Python's stands at the end.
[ ! -r /proc/uptime ] || IFS=. read -r began _ </proc/uptime

while IFS= read -r line || [ -n "$line" ]; do
	case $line in
	'') break ;;
	*[[:cntrl:]]*) exit 0 ;;
	# Told by every git, and no use to us.
	'capability[]=authtype' | 'wwwauth[]='*) ;;
	'capability[]=state') state=yes asked=$asked$line$newline ;;
	protocol=*)
		${protocol+exit 0} # if it is set already
		protocol=${line#*=} asked=$asked$line$newline
		;;
	host=*)
		${host+exit 0}
		host=${line#*=} asked=$asked$line$newline
		;;
	path=*)
		${path+exit 0}
		path=${line#*=} asked=$asked$line$newline
		;;
	username=*)
		${username+exit 0}
		username=${line#*=} asked=$asked$line$newline
		;;
	'capability[]=') state='' asked=$asked$line$newline ;;
	'state[]=gitlease:'*) refused=yes asked=$asked$line$newline ;;
	'state[]=') refused='' asked=$asked$line$newline ;;
	url=*) exit 0 ;;
	*=*) ;;
	*) exit 0 ;;
	esac
	case $(((count += 1) > 1000 || ${#line} > 65535)) in 1) exit 0 ;; esac
done

case $protocol/@asked_host@ in
https/@host_pattern@) host=@host@ cache=@cache@ ;;
*) exit 0 ;;
esac
case ${username-x-access-token} in
@users@) ;;
*) exit 0 ;;
esac

case $path in
*[A-Z]*)
	letters=AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVvWwXxYyZz
	while [ "$path" != "${path#*[A-Z]}" ] && [ ${#path} -le 250 ]; do
		tail=${path#*[A-Z]}
		path=${path%"$tail"}
		small=${letters#*"${path#"${path%?}"}"}
		path=${path%?}${small%"${small#?}"}$tail
	done
	;;
esac
case $path in
[!/]*/info/lfs | [!/]*/info/lfs/*) lfs=yes path=${path%%/info/lfs/*} path=${path%/info/lfs} ;;
esac
path=${path%/}

# The records that may answer, the most specific first.
set --
case $path in
# Plain forms only: what needs more thought than this is Python's.
*[!a-z0-9._/-]* | [!a-z0-9]* | */*/* | */) ;;
*/*)
	owner=${path%/*} repository=${path#*/}
	repository=${repository%.git}
	repository=${repository%.wiki}
	case $owner/$repository in
	# `owner/.git` names nothing.
	*[!a-z0-9_-]*/* | */ | */. | */..) ;;
	*) set -- "$cache~$owner~$repository" "$cache~$owner" "$cache" ;;
	esac
	;;
'') set -- "$cache" ;;
*.*) ;;
*) set -- "$cache~$path" "$cache" ;;
esac

# Whatever leaves this loop early is for Python to decide.
exact=$1
for file do
	[ -f "$file" ] || continue
	# A record's file time is its deadline, and a file in /proc is as old as this process: the
	# one way to look at the wall clock without starting `date`.
	[ ${#path} -le 100 ] && [ ! -h "$file" ] && [ -O "$file" ] &&
		[ "$file" -nt /proc/self ] && [ -e /proc/self ] || break
	# `read` takes a byte at a time, `.` the whole file. It holds one quoted string; cut inside
	# it, it is no program at all, and cut before it, no word of it is found on this PATH.
	record='' search=$PATH PATH=/dev/null
	command . "$file" 2>&-
	# version born until until_lfs boot length covers chance settings username= password= expiry=
	set -- $record
	case $#:$1:$9:$7:$file in
	12:gitlease-1:$settings:all:* | "12:gitlease-1:$settings:exact:$exact") ;;
	# Broader than what was asked, and not meant for all.
	12:gitlease-1:$settings:exact:*) continue ;;
	*) break ;;
	esac
	case $refused$began:$2:$3:$4:$6: in *::* | *[!0-9:]*) break ;; esac
	case ${10}+${11}+${12} in
	username=?*+password=?*+password_expiry_utc=?*) ;;
	*) break ;;
	esac
	IFS= read -r boot </proc/sys/kernel/random/boot_id
	IFS=. read -r now _ </proc/uptime
	until=$3
	[ -z "$lfs" ] || until=$4
	[ "$5" = "$boot" ] && [ "$now" -ge "$2" ] && [ "$now" -lt "$until" ] &&
		[ ${#11} -eq $(($6 + 9)) ] || break
	# A caller that needed over five seconds to say what it wants gets nothing.
	[ $((now - began)) -le 5 ] || exit 0
	case $state:$8 in
	:* | yes:-) printf '%s\n' "${10}" "${11}" "${12}" '' ;;
	*) printf '%s\n' 'capability[]=state' "${10}" "${11}" "${12}" "state[]=gitlease:$8" continue=1 '' ;;
	esac
	exit 0
done

unset record
set --
PATH=${search-$PATH}
if [ ! -x "$python" ] || [ ! -f "$main" ]; then
	echo "gitlease: no token for $host: $python or $main is gone; install gitlease again and run \`gitlease install\`" >&2
	[ $closed = open ] || printf 'quit=1\n\n'
	exit 0
fi
GITLEASE_HOME=$home
export GITLEASE_HOME
# -I -S: nothing from the working folder, the environment or site-packages comes first.
exec "$python" -I -S "$main" credential get "$host" $closed <<END
$asked
END
