"""Rooftop solar: yields, performance ratio, self-use."""
