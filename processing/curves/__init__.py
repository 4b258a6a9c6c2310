"""Curves of use from registers: judged, filled, and asked about any interval."""
