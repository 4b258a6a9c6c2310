"""Issued statements as files."""
