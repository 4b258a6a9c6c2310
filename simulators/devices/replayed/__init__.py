"""Measured buildings and plants, replayed month by month."""
