"""Readings that come by HTTP: bodies read into rows, rows judged one by one, good ones stored."""
