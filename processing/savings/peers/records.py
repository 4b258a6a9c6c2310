"""What is frozen of a control group: who is in it, beside which models; and what each month said.

Both are kept for ever: the roster with the baseline, a month once it is over. What peers report
later changes neither, so that no closed month moves because of somebody else.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from domain.calendar import Month
from domain.errors import ConfigError
from domain.figures import FactorUse, Figure
from processing.savings.assessment import SavingsAssessment
from processing.savings.intervals import Calibration
from processing.savings.models.frozen import FrozenModel
from processing.savings.peers.common import Common, common_of, with_common
from processing.savings.peers.correlation import Correlation
from processing.savings.peers.group import Months, PeerMonth, Shift
from processing.savings.peers.widening import Widening
from processing.savings.portfolio import CORRELATION

ROSTER_FORMAT = "civicmeter-peers/1"
MONTH_FORMAT = "civicmeter-peer-month/1"
FACTOR = "savings.peers"


@dataclass(frozen=True)
class Roster:
    """The peers of a contract's carrier, by institution, each with the model of its use in the
    contract's baseline period."""

    models: Mapping[str, FrozenModel]

    @cached_property
    def json(self) -> str:
        """Canonical JSON."""
        models = {name: json.loads(m.to_json()) for name, m in self.models.items()}
        return _canonical({"format": ROSTER_FORMAT, "models": models})

    @cached_property
    def digest(self) -> str:
        return _digest(self.json)

    @classmethod
    def from_json(cls, text: str) -> "Roster":
        """Read back what `json` wrote. Raises ConfigError for anything else."""
        data = _read(text, ROSTER_FORMAT)
        models = data["models"].items()
        return cls({name: FrozenModel.from_json(json.dumps(m)) for name, m in models})


@dataclass(frozen=True)
class FrozenMonth:
    """What the peers of a roster said of one month, with what each of them used in it."""

    roster: str
    month: Month
    peers: Mapping[str, PeerMonth]
    common: Common

    @cached_property
    def json(self) -> str:
        """Canonical JSON."""
        together = self.common.correlation
        return _canonical(
            {
                "format": MONTH_FORMAT,
                "roster": self.roster,
                "month": str(self.month),
                "peers": {name: astuple(p) for name, p in self.peers.items()},
                "shift": asdict(self.common.shift),
                "widening": asdict(self.common.widening),
                "correlation": None if together is None else asdict(together),
            }
        )

    @cached_property
    def digest(self) -> str:
        return _digest(self.json)

    @classmethod
    def from_json(cls, text: str) -> "FrozenMonth":
        """Read back what `json` wrote. Raises ConfigError for anything else."""
        data = _read(text, MONTH_FORMAT)
        together = data["correlation"]
        return cls(
            data["roster"],
            Month.parse(data["month"]),
            {name: PeerMonth(*numbers) for name, numbers in data["peers"].items()},
            Common(
                Shift(**data["shift"]),
                Widening(**data["widening"]),
                None if together is None else Correlation(**together),
            ),
        )

    def factor(self) -> FactorUse:
        """The month's shift as a dated factor: the share of reference use that is common."""
        return self._as_factor(FACTOR, self.common.shift.ratio)

    def correlations(self) -> dict[str, FactorUse]:
        """As a dated factor, how far errors go together: by the figure that it is about."""
        together = self.common.correlation
        if together is None:
            return {}
        return {
            "avoided_energy_kwh": self._as_factor(CORRELATION, together.month),
            "avoided_energy_year_to_date_kwh": self._as_factor(CORRELATION, together.so_far),
        }

    def _as_factor(self, name: str, value: float) -> FactorUse:
        peers = self.common.shift.peers
        source = f"{peers} peers, roster {self.roster[:12]}, month {self.digest[:12]}"
        return FactorUse(name, round(value, 4), "1", source, self.month.first_day)


def freeze_month(
    roster: Roster,
    month: Month,
    peers: Mapping[str, PeerMonth],
    before: Sequence[FrozenMonth],
    calibration: Calibration,
) -> FrozenMonth:
    """What `peers` say of a month, with the months frozen `before` it in the same window."""
    earlier = [m for m in before if m.month < month]
    each: dict[str, dict[pd.Period, PeerMonth]] = {name: {} for name in sorted(peers)}
    for frozen in (*earlier, None):
        at, of_month = (month, peers) if frozen is None else (frozen.month, frozen.peers)
        for name in each.keys() & of_month.keys():
            each[name][period(at)] = of_month[name]
    months = [period(m.month) for m in earlier] + [period(month)]
    tables: list[Months] = list(each.values())
    models = [roster.models[name] for name in each]
    common = common_of(models, tables, months, calibration)
    return FrozenMonth(roster.digest, month, dict(sorted(peers.items())), common)


_WINDOW_MONTHS = 12
_CORRECTED = frozenset(
    {
        "counterfactual_kwh",
        "avoided_energy_kwh",
        "avoided_energy_ratio",
        "avoided_energy_unadjusted_kwh",
    }
)


@dataclass(frozen=True)
class ControlGroup:
    """A roster and its frozen months, earliest first, as a track of savings has them. `roster`
    None: there are no peers, and nothing is changed."""

    roster: Roster | None = None
    months: tuple[FrozenMonth, ...] = ()

    def window(self, month: Month) -> list[FrozenMonth]:
        """The frozen ones of the twelve months that end with this one."""
        return [m for m in self.months if month.plus(1 - _WINDOW_MONTHS) <= m.month <= month]

    def beside(self, seen: SavingsAssessment, month: Month) -> SavingsAssessment:
        """The assessment by which `month` is judged, with what the peers have in common in it.

        Each month has what was frozen of it; the width is that of the last one frozen.
        """
        frozen = self.window(month)
        if not frozen:
            return seen
        ratios = {period(m.month): m.common.shift.ratio for m in frozen}
        return with_common(seen, ratios, frozen[-1].common.widening)

    def named(self, figures: list[Figure], month: Month) -> list[Figure]:
        """The figures; those that the month's peers are in have what these said as dated factors."""
        of_month = next((m for m in self.months if m.month == month), None)
        if of_month is None:
            return figures
        shift, together = of_month.factor(), of_month.correlations()
        found = []
        for figure in figures:
            added = [shift] if figure.name in _CORRECTED else []
            added += [together[figure.name]] if figure.name in together else []
            found.append(replace(figure, factors=(*figure.factors, *added)) if added else figure)
        return found

    def digests(self, month: Month) -> list[str]:
        """Of what is frozen and in the month's figures."""
        roster = [] if self.roster is None else [self.roster.digest]
        return [*roster, *(m.digest for m in self.window(month))]


NOBODY = ControlGroup()


def period(month: Month) -> pd.Period:
    """The month as pandas has it."""
    return pd.Period(str(month), freq="M")


def _canonical(data: object) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(text: str, format: str) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(text)
        if data["format"] != format:
            raise KeyError("format")
        return data
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"this is not of format {format} ({error!r}): read it with the version that wrote it"
        ) from error
