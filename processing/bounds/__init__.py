"""Bounds that the registry lacks, proposed from what a device said so far."""
