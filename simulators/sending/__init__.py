"""Sending a scenario: timeline, pace, publishing."""
