"""Where readings and results are kept: ports, and an adapter per engine."""
