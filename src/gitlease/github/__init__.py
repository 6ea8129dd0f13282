"""GitHub's API as we use it: a codec that does no input or output, and the App's proof."""
