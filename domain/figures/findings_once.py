"""Of a month's findings each once: what one silence makes at several levels is told of its cause.

A meter that is silent makes its own use incomplete, its total, the energy computed from that, and
the saving. A reader needs the cause; the rest follows, and shows in the shares of each figure.
"""

from collections.abc import Iterable, Sequence

from domain.carriers import METERED
from domain.figures import Figure, MonthResult
from domain.figures.subjects import OfContract
from domain.findings import Finding

Told = tuple[Finding, Figure | None]

_DEVICE_CAUSES = {
    "use_incomplete": ("main_meter_silent",),
    "readings_missing": ("main_meter_silent", "use_incomplete", "bin_silent"),
    "use_fell_silent": ("use_doubtful",),
}
"""Code → codes about the same device that say it already, and more."""
_TOTAL_CAUSES = {
    "total_incomplete": ("main_meter_silent", "use_incomplete", "bin_silent"),
    "total_doubtful": ("use_doubtful",),
    "total_estimated": ("use_estimated",),
    "savings_days_missing": ("main_meter_silent", "total_incomplete"),
    "total_unknown": ("main_meter_silent",),
}
"""Code of a whole → codes about its parts that say it already."""


def findings_once(result: MonthResult) -> list[Told]:
    """The month's findings in their order, each with the figure that carries it (None: the month).

    Of equal findings that of the part is kept, of a device's the worst.
    """
    every = list(_all(result))
    devices = {(f.code, f.subject) for f, _ in every if f.subject}
    parts = {(f.code, figure.name) for f, figure in every if figure}
    return [
        (f, figure)
        for f, figure in _distinct(every)
        if not any((c, f.subject) in devices for c in _DEVICE_CAUSES.get(f.code, ()))
        and not any(
            (c, name) in parts
            for c in _TOTAL_CAUSES.get(f.code, ())
            for name in _names_of_parts(f, figure)
        )
    ]


def of_device_once(findings: Sequence[Finding]) -> list[Finding]:
    """What was found of one device, without what another finding of it says already."""
    codes = {f.code for f in findings}
    return [f for f in findings if not codes.intersection(_DEVICE_CAUSES.get(f.code, ()))]


def _all(result: MonthResult) -> Iterable[Told]:
    yield from ((f, None) for f in result.findings)
    for figure in sorted(result.figures, key=lambda f: f.subject == ""):
        yield from ((f, figure) for f in figure.findings)


def _distinct(pairs: Iterable[Told]) -> list[Told]:
    """Without repetitions: a total repeats what its parts say, and a device with two registers
    may be silent on both."""
    seen: dict[tuple[str, str, str], Told] = {}
    said_of_parts: set[tuple[str, str]] = set()
    for finding, figure in pairs:
        about = finding.subject or (figure.subject if figure else "")
        numbers = repr(sorted(finding.numbers.items()))
        if not about and (finding.code, numbers) in said_of_parts:
            continue
        said_of_parts.add((finding.code, numbers))
        missing = finding.numbers.get("missing_pct")
        key = (finding.code, about, numbers if missing is None else "")
        before = seen.get(key)
        if before is None or _missing(finding) > _missing(before[0]):
            seen[key] = (finding, figure)
    return list(seen.values())


def _missing(finding: Finding) -> float:
    share = finding.numbers.get("missing_pct", 0.0)
    return float(share) if isinstance(share, int | float) else 0.0


def _names_of_parts(finding: Finding, figure: Figure | None) -> tuple[str, ...]:
    """The names of the figures whose parts a finding about a whole is made of."""
    if finding.code == "total_unknown":
        return (str(finding.numbers.get("carrier", "")),)
    if figure is None:
        return ()
    if isinstance(figure.about, OfContract):
        carrier = figure.about.carrier
        return tuple(m.figure for m in METERED if m.carrier.value == carrier)
    return (figure.name,)
