"""The front door: command line and wiring; the only place that builds everything."""
