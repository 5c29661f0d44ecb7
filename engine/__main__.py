"""``python -m engine``."""

from .cli.main import program

program()
