"""Frozen models keep what they are of, also those of ledgers of earlier versions."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from store.ledger import sql as adapter
from store.ledger.port import ModelKey, ModelRecord
from store.ledger.sql.ledger import SqlLedger
from store.ledger.sql.tables import UtcDateTime
from tests.ledger_sample import T0

DIGEST = "ab" * 32
WRITTEN = {
    "electricity": ModelKey("c", "baseline", "electricity"),
    "electricity:chiller+pump": ModelKey("c", "baseline", "electricity", "chiller+pump"),
    "natural_gas:a:b": ModelKey("c", "baseline", "natural_gas", "a:b"),
    "typical_year": ModelKey("c", "typical_year"),
}
"""How a carrier said it all → what it said."""

OLD = sa.table(
    "model",
    *(sa.column(n, sa.Text()) for n in ("digest", "institution", "contract", "carrier", "json")),
    sa.column("fitted_at", UtcDateTime()),
)


def migrate(connection: sa.Connection, how: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    folder = Path(adapter.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    how(config, revision)


def engine_of(url: str) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def test_models_of_an_earlier_version_are_found_again(
    url: str, opener: Callable[[], SqlLedger]
) -> None:
    engine = engine_of(url)
    with engine.begin() as connection:
        migrate(connection, command.upgrade, "0006")
        row = {"digest": DIGEST, "institution": "i", "contract": "c", "fitted_at": T0}
        for carrier in WRITTEN:
            connection.execute(OLD.insert().values(**row, carrier=carrier, json=carrier))
    ledger = opener()
    kept = ledger.models("i")
    assert {m.json: m.key for m in kept} == WRITTEN
    assert {(m.digest, m.fitted_at) for m in kept} == {(DIGEST, T0)}
    for model in kept:
        ledger.save_model(model)
    assert len(ledger.models()) == len(WRITTEN)  # each is known by its key
    ledger.close_connections()

    with engine.begin() as connection:
        migrate(connection, command.downgrade, "0006")
        carriers = connection.execute(sa.select(OLD.c.carrier, OLD.c.json)).all()
    assert {tuple(c) for c in carriers} == {(c, c) for c in WRITTEN}
    engine.dispose()


def test_one_digest_may_be_of_several_boundaries(ledger: SqlLedger) -> None:
    """Two boundaries with the same use have the same baseline; both are kept."""
    whole = ModelRecord(
        digest=DIGEST,
        institution="i",
        contract="c",
        kind="baseline",
        carrier="electricity",
        json="{}",
        fitted_at=T0,
    )
    for boundary in ("", "chiller"):
        ledger.save_model(replace(whole, boundary=boundary))
    assert {m.boundary for m in ledger.models()} == {"", "chiller"}
