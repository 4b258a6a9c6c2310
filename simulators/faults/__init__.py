"""Devices that lie in known ways: faults from a scenario file, with their truth."""

from simulators.faults.fault import Fault
from simulators.faults.fault_file import parse_faults, read_faults
from simulators.faults.kinds import KINDS
from simulators.faults.site import FaultySite

__all__ = ["KINDS", "Fault", "FaultySite", "parse_faults", "read_faults"]
