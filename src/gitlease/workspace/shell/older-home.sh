# An image is built by root and runs as somebody else, who then has a folder of his own.
if [ ! -O "$home" ]; then
	@include own-home.sh@
	: "${GITLEASE_TOKEN_FILE=${HOME:+$HOME/.gh_token}}"
	export GITLEASE_TOKEN_FILE
fi
GITLEASE_HOME=$home
export GITLEASE_HOME
