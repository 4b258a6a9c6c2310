"""Every kind of fault there is, by its name, as the families declare them."""

from collections.abc import Iterator
from types import ModuleType

from simulators.faults import clocks, lines, on_the_way, registers, values
from simulators.faults.fault import Fault
from simulators.faults.lines import LineFault


def _declared_in(family: ModuleType) -> Iterator[type[Fault]]:
    """Its kinds, in the order in which they stand there."""
    for value in vars(family).values():
        if isinstance(value, type) and issubclass(value, Fault) and value.kind:
            yield value


KINDS: dict[str, type[Fault]] = {
    kind.kind: kind
    for family in (on_the_way, registers, values, clocks, lines)
    for kind in _declared_in(family)
}
LINE_KINDS = {name: kind for name, kind in KINDS.items() if issubclass(kind, LineFault)}
"""Those that befall a device's line."""
ANSWERS = {name: kind.found_as for name, kind in KINDS.items() if kind.found_as}
"""Kind → codes of findings any of which means: found. The others are to be absorbed."""
