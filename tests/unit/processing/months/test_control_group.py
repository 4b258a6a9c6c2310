"""A contract beside its city, on real embedded stores: who is a peer, what is frozen, what moves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from domain.calendar import Month, to_ms
from domain.figures import MonthResult
from domain.places import Carrier, Contract, Institution, Meter
from domain.readings import Reading
from domain.registry import Registry
from processing.months.evidence.peers import may_be_peers
from processing.months.job import process, process_touched
from processing.savings.peers.records import FrozenMonth, Roster
from reports.model import build_report
from reports.words.savings import card_lines
from store.ledger.port import Ledger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

NOW = datetime(2024, 6, 15, 4, 0, tzinfo=UTC)
STEP_MS = 6 * 3_600_000
SUBJECT = "led/electricity"
APRIL = Month(2024, 4)
PEERS = tuple(f"office{k:02}" for k in range(12))
CONTRACT = Contract(
    id="led",
    institution="bureau",
    name_zh="改造",
    name_en="Retrofit",
    form="shared",
    baseline_start=date(2023, 1, 1),
    baseline_end=date(2024, 1, 1),
    reporting_start=date(2024, 1, 1),
)


def office(name: str, **more: str) -> Institution:
    return Institution(id=name, name_zh=name, name_en=name, district_code="370502", **more)


def meter(name: str) -> Meter:
    return Meter(
        id=f"{name}-power",
        institution=name,
        carrier=Carrier.ELECTRICITY,
        register="energy_import_kwh",
        expected_interval_s=STEP_MS // 1000,
    )


INSTITUTIONS = (
    replace(office("bureau"), credit_code="11370500004541234X"),
    *(office(name) for name in PEERS),
    office("treated"),
    replace(office("annexe"), credit_code="11370500004541234X"),
    replace(office("elsewhere"), district_code="110101"),
)
REGISTRY = Registry(
    institutions=INSTITUTIONS,
    devices=tuple(meter(i.id) for i in INSTITUTIONS),
    contracts=(CONTRACT, replace(CONTRACT, id="led2", institution="treated")),
)


def test_who_may_be_a_peer() -> None:
    """Nobody with a contract, of the same legal person or elsewhere."""
    assert sorted(may_be_peers(REGISTRY, REGISTRY.institution_by_id["bureau"])) == sorted(PEERS)


def readings(name: str, seed: int, saved: float, common: float) -> Iterator[Reading]:
    """A register that is read every six hours; from 2024 on `saved` of its use is gone, and from
    March on `common` of everybody's."""
    at = np.arange(
        to_ms(datetime(2022, 12, 31, 16, tzinfo=UTC)), to_ms(NOW) - STEP_MS, STEP_MS, np.int64
    )
    rng = np.random.default_rng(seed)
    use = 100 * np.repeat(rng.normal(1, 0.06, at.size // 4 + 1), 4)[: at.size]
    use *= np.where(at > to_ms(datetime(2023, 12, 31, 16, tzinfo=UTC)), 1 - saved, 1.0)
    use *= np.where(at > to_ms(datetime(2024, 2, 29, 16, tzinfo=UTC)), 1 - common, 1.0)
    for t, v in zip(at.tolist(), np.round(1000 + np.cumsum(use), 2).tolist(), strict=True):
        yield Reading(f"{name}-power", "energy_import_kwh", t, v)


class City:
    def __init__(self, folder: Path, peers: int, common: float) -> None:
        self.store = SqliteReadingStore(folder / "readings.db")
        self.ledger: Ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
        names = {"bureau", *PEERS[:peers], "treated"}
        registry = Registry(
            tuple(i for i in REGISTRY.institutions if i.id in names),
            (),
            tuple(d for d in REGISTRY.devices if d.institution in names),
            REGISTRY.contracts,
        )
        self.ledger.save_registry(registry.check())
        for k, name in enumerate(sorted(names)):
            saved = {"bureau": 0.15, "treated": 0.5}.get(name, 0.0)
            self.store.write(list(readings(name, k, saved, common)))

    def process(self, now: datetime = NOW) -> dict[tuple[str, Month], MonthResult]:
        found = process(self.store, self.ledger, months=None, now=now)
        return {(r.institution, r.month): r for r in found}

    def frozen(self) -> list[tuple[str, str]]:
        return [(m.kind, m.digest) for m in self.ledger.models("bureau")]

    def close(self) -> None:
        self.store.close()
        self.ledger.close_connections()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = City(tmp_path_factory.mktemp("city"), 12, common=0.2)
    yield made
    made.close()


def figures(result: MonthResult) -> dict[str, float]:
    return {
        f.name if f.subject == SUBJECT else f.subject.rpartition("/")[2]: f.value
        for f in result.figures
        if f.subject.startswith(SUBJECT) and f.value is not None
    }


def test_the_common_shock_is_nobodys_saving(city: City) -> None:
    results = city.process()
    april = results["bureau", APRIL]
    told = figures(april)
    assert told["avoided_energy_ratio"] == pytest.approx(0.15, abs=0.03)
    ratios = [
        x
        for f in april.figures
        for x in f.factors
        if (f.name, x.name) == ("avoided_energy_kwh", "savings.peers")
    ]
    assert [x.value for x in ratios] == [pytest.approx(-0.2, abs=0.03)]
    parts = [told[p] for p in ("base", "peers", "day_types", "season", "trend") if p in told]
    assert sum(parts) == pytest.approx(told["counterfactual_kwh"], rel=1e-6)
    together = {
        f.name: x.value for f in april.figures for x in f.factors if x.name == "savings.correlation"
    }
    assert set(together) == {"avoided_energy_kwh", "avoided_energy_year_to_date_kwh"}
    assert all(0 <= v < 0.3 for v in together.values())
    february = figures(results["bureau", Month(2024, 2)])
    assert february["avoided_energy_ratio"] == pytest.approx(0.15, abs=0.03)


def test_what_is_frozen_is_kept_once_and_signed_with_the_month(city: City) -> None:
    results = city.process()
    before = city.frozen()
    kinds = [kind for kind, _ in before]
    assert (kinds.count("peers"), kinds.count("peer_month")) == (1, 5)
    records = city.ledger.models("bureau")
    roster = next(Roster.from_json(m.json) for m in records if m.kind == "peers")
    assert sorted(roster.models) == sorted(PEERS)
    april = next(
        m
        for m in (FrozenMonth.from_json(r.json) for r in records if r.kind == "peer_month")
        if m.month == APRIL
    )
    assert sorted(april.peers) == sorted(PEERS)
    assert {roster.digest, april.digest} <= set(results["bureau", APRIL].models)
    city.process()
    assert city.frozen() == before


def test_the_report_names_the_peers_and_their_weight(city: City) -> None:
    city.process()
    (saving,) = build_report(city.ledger, "bureau", APRIL).savings()
    for lang in ("zh", "en"):
        card = "\n".join(card_lines(saving, lang))
        assert all(name in card for name in PEERS) and "2024-04" in card
    assert saving.peer_month is not None and saving.peer_month.month == APRIL
    (running,) = build_report(city.ledger, "bureau", Month(2024, 6)).savings()
    assert running.peers is not None and running.peer_month is None
    assert "not over" in "\n".join(card_lines(running, "en"))


def test_what_a_peer_says_later_moves_nothing(city: City) -> None:
    """A closed month of the contract does not change when a peer's April turns out otherwise."""
    city.process()
    city.ledger.close("bureau", APRIL, signed_by="Li Wei")
    kept = city.ledger.results("bureau", APRIL, APRIL.plus(1))
    late = Reading(
        f"{PEERS[0]}-power", "energy_import_kwh", to_ms(datetime(2024, 4, 10, 1, tzinfo=UTC)), 1.0
    )
    city.store.write([late])
    city.ledger.touch({(PEERS[0], APRIL)})
    list(process_touched(city.store, city.ledger, now=NOW))
    city.process()
    assert city.ledger.results("bureau", APRIL, APRIL.plus(1)) == kept
    assert city.ledger.pending("bureau", APRIL) is None


def test_the_running_month_waits_for_its_end(city: City) -> None:
    june = city.process()["bureau", Month(2024, 6)]
    factors = {x.name for f in june.figures for x in f.factors}
    assert "savings.peers" not in factors


def test_with_few_peers_all_is_as_without(tmp_path: Path) -> None:
    """Eight are too few: no roster, no factor, no part."""
    few = City(tmp_path, 8, common=0.2)
    april = few.process()["bureau", APRIL]
    few.close()
    told = figures(april)
    assert told["avoided_energy_ratio"] == pytest.approx(1 - 0.85 * 0.8, abs=0.03)
    assert "peers" not in told
    assert len(april.models) == 1


def test_a_baseline_frozen_without_a_roster_never_gets_one(tmp_path: Path) -> None:
    """Peers that come when the year is known would be a choice of the result."""
    late = City(tmp_path, 8, common=0.2)
    late.process()
    late.ledger.save_registry(REGISTRY.check())
    for k, name in enumerate(PEERS[8:]):
        late.store.write(list(readings(name, 50 + k, 0.0, 0.2)))
    april = late.process(NOW + timedelta(hours=1))["bureau", APRIL]
    kinds = {kind for kind, _ in late.frozen()}
    late.close()
    assert kinds == {"baseline"}
    assert len(april.models) == 1
