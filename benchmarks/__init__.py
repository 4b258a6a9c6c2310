"""Measurements: each `bench_*.py` has `run() -> dict[str, float]`, dotted names to numbers."""
