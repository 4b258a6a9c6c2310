"""Bulk export: the rows of the API as one file of any size."""
