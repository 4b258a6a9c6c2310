"""Simulated and replayed devices: what they say, and what was true."""
