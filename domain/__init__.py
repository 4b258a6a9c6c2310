"""The words of Civicmeter: what every room may speak of. Standard library only."""
