"""Devices that lie in known ways: faults from a scenario file, with their truth."""

from simulators.faults.site import FaultySite
from simulators.faults.spec import KINDS, FaultSpec, parse_faults, read_faults

__all__ = ["KINDS", "FaultSpec", "FaultySite", "parse_faults", "read_faults"]
