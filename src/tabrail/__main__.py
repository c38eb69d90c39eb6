"""Let `python -m tabrail` be the command `tabrail`."""

from tabrail.cli.app import program

program()
