"""What a month's result says of each device: its readings, the shares of its use, its findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from domain.carriers import FIGURE_OF_REGISTER
from domain.figures import Figure, MonthResult, Shares
from domain.figures.findings_once import of_device_once
from domain.figures.subjects import OfDevice
from domain.findings import Finding
from domain.places import AnyDevice, Bin, Meter
from processing.quality.silence import SILENT

_EXPECTED, _RECEIVED = "readings_expected_count", "readings_received_count"

BOARD_NAMES = (
    *FIGURE_OF_REGISTER.values(),
    "pv_generation_kwh",
    "waste_mass_kg",
    _EXPECTED,
    _RECEIVED,
)
"""The figures that are looked at."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one device. `shares` are those of each figure of its own, by name;
    `fell_silent`: its use newly stopped, also where another finding says that and more;
    `findings` are those of the device, each silence told once."""

    shares: Mapping[str, Shares] = field(default_factory=dict)
    expected: int | None = None
    received: int | None = None
    fell_silent: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def received_share(self) -> float | None:
        """Received / expected; above 1 where a device reports more often than it has to."""
        if not self.expected or self.received is None:
            return None
        return self.received / self.expected

    def own_shares(self, device: AnyDevice) -> Shares | None:
        """Those of the device's own use, as it is registered; None where it has none."""
        if isinstance(device, Bin):
            return None
        if isinstance(device, Meter):
            return self.shares.get(FIGURE_OF_REGISTER[device.register])
        return self.shares.get("pv_generation_kwh")


NOTHING = Said()


def said_of_devices(result: MonthResult) -> dict[str, Said]:
    """By device, be it said by a figure of its own or by one of its stream or institution."""
    figures: dict[str, dict[str, Figure]] = {}
    found: dict[str, list[Finding]] = {}
    for figure in result.figures:
        if figure.name not in BOARD_NAMES:
            continue
        about = figure.about
        of_device = about.device if isinstance(about, OfDevice) else ""
        if of_device:
            figures.setdefault(of_device, {})[figure.name] = figure
        for finding in figure.findings:
            findings = found.setdefault(finding.subject or of_device, [])
            if finding not in findings:
                findings.append(finding)
    devices = {*figures, *found} - {""}
    return {d: _said(figures.get(d, {}), found.get(d, [])) for d in sorted(devices)}


def _said(figures: Mapping[str, Figure], findings: list[Finding]) -> Said:
    return Said(
        shares={n: f.shares for n, f in figures.items() if n not in (_EXPECTED, _RECEIVED)},
        expected=_count(figures.get(_EXPECTED)),
        received=_count(figures.get(_RECEIVED)),
        fell_silent=any(f.code == SILENT for f in findings),
        findings=tuple(of_device_once(findings)),
    )


def _count(figure: Figure | None) -> int | None:
    if figure is None or figure.value is None or not isfinite(figure.value):
        return None
    return int(figure.value)
