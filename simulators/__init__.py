"""Simulated and replayed devices, with the truth they simulated."""
