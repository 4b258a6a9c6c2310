"""Grafana panels and dashboards as code."""
