"""Routes by which readings come in."""
