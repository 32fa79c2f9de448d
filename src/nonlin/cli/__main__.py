"""``python -m nonlin.cli``."""

from nonlin.cli import main

main()
