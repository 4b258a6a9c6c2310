"""Every kind of fault there is, by its name."""

from simulators.faults import clocks, lines, on_the_way, registers, values
from simulators.faults.fault import Fault

_FAMILIES = (
    on_the_way.KINDS,
    registers.KINDS,
    values.KINDS,
    clocks.KINDS,
    lines.KINDS,
)
KINDS: dict[str, type[Fault]] = {kind.kind: kind for family in _FAMILIES for kind in family}
LINE_KINDS = {kind.kind: kind for kind in lines.LINE_KINDS}
"""Those that befall a device's line."""
ANSWERS = {name: kind.found_as for name, kind in KINDS.items() if kind.found_as}
"""Kind → codes of findings any of which means: found. The others are to be absorbed."""
