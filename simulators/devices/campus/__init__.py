"""A simulated institution: buildings, meters, rooftop PV, bins and a weather station."""

from simulators.devices.campus.campus import Campus
from simulators.devices.campus.plan import TIMEZONE, Roof, Siting, dated

__all__ = ["TIMEZONE", "Campus", "Roof", "Siting", "dated"]
