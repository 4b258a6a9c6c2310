"""Panels: their frame, the kinds there are by data source and looks, and one function for each."""
