"""`python -m civicmeter` is the command `civicmeter`."""

from civicmeter.cli import main

main()
