"""Decoders: one pure function a format, one file each; copy `example.py` for a new one."""
