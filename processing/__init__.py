"""From readings to monthly figures: pure functions, and one job that does the I/O."""
