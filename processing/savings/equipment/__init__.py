"""Option B and tests of equipment at its own meter."""
