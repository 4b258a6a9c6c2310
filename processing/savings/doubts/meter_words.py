"""What the meters' own readings say of themselves, where it bears on the claim."""

from collections.abc import Iterator
from dataclasses import replace

from domain.findings import Finding
from processing.savings.doubts.case import Case
from processing.savings.doubts.limits import largest_saving

_WITHHOLDS = frozenset({"register_scaled", "use_fell_silent"})
"""Whatever they are for the month's use: a use that is read ten times too small, or not counted at
all, is no saving. Where the fuel was replaced, its meter rests for good."""


def doubt(case: Case) -> Iterator[Finding]:
    about = case.background
    gone = largest_saving(case.model.carrier, about.option, about.measures, case.end) >= 1.0
    due = float(case.known["counterfactual"].sum()) > 0
    for finding in about.of_use:
        withholds = finding.code in _WITHHOLDS and due and not gone
        yield replace(finding, severity="serious") if withholds else finding
