"""Kinds of panels, and units as Grafana writes them."""
