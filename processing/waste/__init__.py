"""Sorted waste: bins weighed, inspections counted, rates."""
