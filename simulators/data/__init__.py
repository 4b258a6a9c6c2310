"""Small measured data, shipped with its provenance (see PROVENANCE.md)."""
