"""The parts built from the settings and kept going."""
