"""The way in: decoders, the collector, dead letters."""
