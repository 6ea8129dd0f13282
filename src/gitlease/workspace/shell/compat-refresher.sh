#!/bin/sh
# gitlease's refresher under the name that older images start. Written by `gitlease install
# --compat`; changes are lost at the next one.

# Where another refresher serves this home, its end is awaited: whoever has started us would start
# us again at once.
set +aeuvx -f
[ "$1" != wait ] || sleep 60
GITLEASE_HOME=@home@
export GITLEASE_HOME
exec @python@ -I -S @main@ refresh --stay "$0"
