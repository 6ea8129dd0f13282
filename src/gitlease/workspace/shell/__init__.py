"""The POSIX sh programs that an installation writes, as templates, and what fills them."""
