"""Readings: the port, and an adapter per engine."""
