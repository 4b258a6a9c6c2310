"""One module a board."""
