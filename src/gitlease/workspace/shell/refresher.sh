#!/bin/sh
# gitlease's refresher: one round of Python, then sleep for as long as the round has said. Started
# by gitlease itself; changes are lost at the next `gitlease install`.

# gitlease starts it with the locked PID file as its standard input; $1 is the number of seconds to
# rest before the first round.
set +aeuvx -f
python=@python@ main=@main@ home=@home@ program=@program@
PATH=${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin
export PATH
pid_file=$home/run/refresher.pid said=$home/run/refresher.next

if [ "$1" != loop ]; then
	# Nobody waits for the loop: it shall be no child of whoever has started it.
	exec 9<&0 </dev/null
	/bin/sh "$program" loop "$1" >/dev/null 2>&1 &
	exit 0
fi

umask 077
ulimit -c 0
child='' woken='' untold=''
trap 'woken=yes' USR1
trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 0' HUP INT TERM
# Only now may anybody send a signal. Descriptor 9 is locked as long as we live.
echo $$ >&9 || untold=yes

# What runs beside us must not hold the lock when we are gone.
rest() {
	sleep "$1" 9<&- </dev/null &
	child=$!
	[ -n "$woken" ] || wait "$child"
	# A system without a `sleep` that works must not make this a race.
	case $? in
	1 | 2 | 12[67])
		"$python" -I -S -c 'import sys, time; time.sleep(int(sys.argv[1]))' "$1" 9<&- &
		child=$!
		[ -n "$woken" ] || wait "$child"
		;;
	esac
	# Also one that is suspended.
	kill -KILL "$child" 2>/dev/null
	wait "$child" 2>/dev/null
	child=''
}

round() {
	"$python" -I -S "$main" refresh --print-next 9<&- </dev/null >"$said" 2>/dev/null &
	child=$!
	wait "$child"
	# A signal ends the waiting, not the round.
	while kill -0 "$child" 2>/dev/null; do wait "$child"; done
	child=''
}

rest_first=$2
case $rest_first in '' | *[!0-9]* | ??????*) rest_first=0 ;; esac
[ "$rest_first" -eq 0 ] || rest "$rest_first"

while :; do
	# The disk was full, and may have room now.
	[ -z "$untold" ] || { echo $$ >&9 && untold=''; }
	# After an uninstall, or where somebody else has taken our place, we are done.
	[ -f "$program" ] && [ -f "$pid_file" ] || exit 0
	holder=''
	read -r holder <"$pid_file"
	case $holder in '' | $$) ;; *) exit 0 ;; esac
	woken=''
	round
	next=''
	read -r next 2>/dev/null <"$said"
	rm -f "$said"
	# A round that was cut off has said nothing: the next one is soon.
	case $next in '' | *[!0-9]* | ??????*) next=30 ;; 0*) next=1 ;; esac
	rest "$next"
done
