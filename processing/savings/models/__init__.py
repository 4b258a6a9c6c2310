"""Baseline models: what they are made of, fitted, frozen and explained."""
