"""Baseline models, avoided energy and the truth about its uncertainty."""
