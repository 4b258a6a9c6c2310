"""Bulk export into one file."""
