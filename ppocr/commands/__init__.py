"""One file a command; ``tools/`` holds the scripts that run them from a checkout."""
