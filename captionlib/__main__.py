"""`python -m captionlib` is the same as the command `captionlib`."""

from captionlib.cli import main

main()
