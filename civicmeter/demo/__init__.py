"""The demonstration and the scorecard: a whole pipeline on embedded parts."""

PATIENCE_S = 300.0
"""How long nothing may move before a demo ends: a store that was away is waited for."""
