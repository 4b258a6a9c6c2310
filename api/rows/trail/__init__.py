"""Rows of what people did, and not of what was measured."""
