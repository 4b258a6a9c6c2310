"""What was true, written down, and results judged by it."""
