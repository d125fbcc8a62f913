"""``python -m isobench``."""

from isobench.cli import main

main()
