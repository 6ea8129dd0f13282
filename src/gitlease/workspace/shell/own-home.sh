# The same places in the same order as gitlease itself looks for a user's own folder.
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
