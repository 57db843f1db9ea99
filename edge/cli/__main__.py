"""`python -m edge.cli`: the `hall-edge` command."""

from edge.cli import main

main()
