#!/bin/sh
# git's credential helper: answers from gitlease's cache without starting a process, and hands
# everything else to Python. Written by `gitlease install`; changes are lost at the next one.

# A bash takes options and functions from the environment; none of them shall see a token.
set +aeuvx -f
unset -f [ command echo printf read ulimit
python=@python@ main=@main@ home=@home@ cache=@cache@ settings=@settings@ closed=@closed@

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
unset TMOUT protocol host path username state refused lfs owner repository
unset record exact search boot now until began line asked count newline
asked='' count=0 newline='
'

ask_python() {
	if [ ! -x "$python" ] || [ ! -f "$main" ]; then
		echo "gitlease: no token for $host: $python or $main is gone; install gitlease again and run \`gitlease install\`" >&2
		[ $closed = open ] || printf 'quit=1\n\n'
		exit 0
	fi
	GITLEASE_HOME=$home
	export GITLEASE_HOME
	# -I -S: nothing from the working folder, the environment or site-packages comes first.
	exec "$python" -I -S "$main" credential get "$host" $closed <<-END
	$asked
	END
}

# Print the record $1 if it may be printed; ask Python if it is there but may not. Return if it is
# not there, or if it is broader than what was asked ($2 is not "exact") and not meant for all.
serve() {
	[ -f "$1" ] || return
	# A record's file time is its deadline, and a file in /proc is as old as this process: the
	# one way to look at the wall clock without starting `date`.
	if [ -h "$1" ] || [ ! -O "$1" ] || [ ! "$1" -nt /proc/self ] || [ ! -e /proc/self ]; then
		ask_python
	fi
	# `read` takes a byte at a time, `.` the whole file. It holds one quoted string; cut inside
	# it, it is no program at all, and cut before it, no word of it is found on this PATH.
	exact=$2 record='' search=$PATH PATH=/dev/null
	command . "$1" 2>/dev/null
	PATH=$search
	# version born until until_lfs boot length covers chance settings username= password= expiry=
	set -- $record
	unset record
	[ $# -eq 12 ] && [ "$9" = "$settings" ] || ask_python
	[ "$7" = all ] || [ "$exact" = exact ] || return
	case $1:$2:$3:$4:$6 in
	*::* | *: | *:*[!0-9:]*) ask_python ;;
	gitlease-1:*) ;;
	*) ask_python ;;
	esac
	IFS= read -r boot </proc/sys/kernel/random/boot_id
	IFS=. read -r now _ </proc/uptime
	until=$3
	[ -z "$lfs" ] || until=$4
	if [ "$5" != "$boot" ] || [ "$now" -lt "$2" ] || [ "$now" -ge "$until" ] ||
		[ ${#11} -ne $(($6 + 9)) ]; then
		ask_python
	fi
	case ${10}+${11}+${12} in
	username=?*+password=?*+password_expiry_utc=?*) ;;
	*) ask_python ;;
	esac
	# A caller that needed over five seconds to say what it wants gets nothing.
	[ $((now - began)) -le 5 ] || exit 0
	if [ -n "$state" ] && [ "$8" != - ]; then
		printf 'capability[]=state\n%s\n%s\n%s\nstate[]=gitlease:%s\ncontinue=1\n\n' \
			"${10}" "${11}" "${12}" "$8"
	else
		printf '%s\n%s\n%s\n\n' "${10}" "${11}" "${12}"
	fi
	exit 0
}

began=''
[ ! -r /proc/uptime ] || IFS=. read -r began _ </proc/uptime

while IFS= read -r line || [ -n "$line" ]; do
	case $line in
	'') break ;;
	*[[:cntrl:]]*) exit 0 ;;
	protocol=*)
		[ -z "${protocol+set}" ] || exit 0
		protocol=${line#*=} asked=$asked$line$newline
		;;
	host=*)
		[ -z "${host+set}" ] || exit 0
		host=${line#*=} asked=$asked$line$newline
		;;
	path=*)
		[ -z "${path+set}" ] || exit 0
		path=${line#*=} asked=$asked$line$newline
		;;
	username=*)
		[ -z "${username+set}" ] || exit 0
		username=${line#*=} asked=$asked$line$newline
		;;
	'capability[]=state') state=yes asked=$asked$line$newline ;;
	'capability[]=') state='' asked=$asked$line$newline ;;
	'state[]=gitlease:'*) refused=yes asked=$asked$line$newline ;;
	'state[]=') refused='' asked=$asked$line$newline ;;
	url=*) exit 0 ;;
	*=*) ;;
	*) exit 0 ;;
	esac
	count=$((count + 1))
	[ ${#line} -le 65535 ] && [ $count -le 1000 ] || exit 0
done

[ "$protocol" = https ] || exit 0
case $host in
@host_pattern@) host=@host@ ;;
*) exit 0 ;;
esac
case ${username-x-access-token} in
@users@) ;;
*) exit 0 ;;
esac
[ -z "$refused" ] && [ -n "$began" ] || ask_python

# Plain forms only: what needs more thought than this is Python's.
look_up() {
	case $path in
	*[!a-z0-9._/-]* | /* | *//*) ask_python ;;
	esac
	case $path/ in
	*/info/lfs/*)
		lfs=yes path=$path/
		path=${path%%/info/lfs/*}
		;;
	esac
	path=${path%/}
	[ ${#path} -le 100 ] || ask_python
	owner=${path%%/*}
	case $owner in [!a-z0-9]* | *[!a-z0-9_-]*) ask_python ;; esac
	case $path in
	*/*)
		repository=${path#*/}
		repository=${repository%.git}
		repository=${repository%.wiki}
		# `owner/.git` names nothing.
		case $repository in '' | */* | . | ..) ask_python ;; esac
		serve "$cache/$host~$owner~$repository" exact
		serve "$cache/$host~$owner"
		serve "$cache/$host"
		;;
	?*)
		serve "$cache/$host~$owner" exact
		serve "$cache/$host"
		;;
	*) serve "$cache/$host" exact ;;
	esac
	ask_python
}

# A shell reads its program as it goes: what follows costs a path in lower case nothing.
case $path in *[A-Z]*) ;; *) look_up ;; esac
[ ${#path} -le 250 ] || ask_python

rest=$path path=''
while [ -n "$rest" ]; do
	tail=${rest#?}
	letter=${rest%"$tail"}
	case $letter in
	A) letter=a ;; B) letter=b ;; C) letter=c ;; D) letter=d ;; E) letter=e ;; F) letter=f ;;
	G) letter=g ;; H) letter=h ;; I) letter=i ;; J) letter=j ;; K) letter=k ;; L) letter=l ;;
	M) letter=m ;; N) letter=n ;; O) letter=o ;; P) letter=p ;; Q) letter=q ;; R) letter=r ;;
	S) letter=s ;; T) letter=t ;; U) letter=u ;; V) letter=v ;; W) letter=w ;; X) letter=x ;;
	Y) letter=y ;; Z) letter=z ;;
	esac
	path=$path$letter rest=$tail
done
look_up
