"""Corrections in the ledger's database."""

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Connection, Engine, select

from domain.audit import LOCAL, Act, Actor
from domain.calendar import Month, from_ms
from domain.corrections import Correction
from store.ledger.lengths import require_correction
from store.ledger.sql.audit.append import append_each
from store.ledger.sql.audit.vouched import CORRECTION, told
from store.ledger.sql.engine import reading, writing
from store.ledger.sql.tables import correction as table
from store.ledger.sql.tables import device
from store.ledger.sql.touched import touch_months


class SqlCorrections:
    """See Corrections. A part of SqlLedger."""

    _engine: Engine

    def enter_corrections(
        self,
        corrections: Iterable[Correction],
        touches: Iterable[tuple[str, Month]],
        *,
        actor: Actor = LOCAL,
    ) -> int:
        """See Corrections.enter_corrections."""
        acts: list[tuple[str, Act]] = []
        corrections = list(corrections)
        for one in corrections:
            require_correction(one)
        with writing(self._engine) as connection:
            for one in corrections:
                stands = _standing(connection, one)
                if stands != (one.value, one.author, one.reason):
                    acts.append((one.author, _entered(connection, one, stands)))
            touch_months(connection, touches)
            append_each(connection, actor, acts)
        return len(acts)

    def corrections(self) -> list[Correction]:
        """See Corrections.corrections."""
        columns = [c for c in table.c if c.name != "number"]
        with reading(self._engine) as connection:
            found = connection.execute(select(*columns).order_by(table.c.number))
            return [Correction(**r._mapping) for r in found]


def _entered(
    connection: Connection, one: Correction, stands: tuple[float | None, str, str] | None
) -> Act:
    made = connection.execute(table.insert().values(asdict(one)).returning(table.c.number))
    owner = select(device.c.institution).where(device.c.id == one.device)
    return told(
        connection,
        CORRECTION,
        (made.scalar_one(),),
        "enter",
        institution=connection.execute(owner).scalar_one_or_none() or "",
        before=None if stands is None else {"value": stands[0]},
        after={
            "device": one.device,
            "quantity": one.quantity,
            "at": from_ms(one.at_ms).isoformat(),
            "value": one.value,
        },
        reason=one.reason,
    )


def _standing(connection: Connection, one: Correction) -> tuple[float | None, str, str] | None:
    """Value, author and reason of what stands for the reading; None: nothing was entered."""
    last = connection.execute(
        select(table.c.value, table.c.author, table.c.reason)
        .where(
            table.c.device == one.device,
            table.c.quantity == one.quantity,
            table.c.at_ms == one.at_ms,
        )
        .order_by(table.c.number.desc())
        .limit(1)
    ).one_or_none()
    return None if last is None else (last.value, last.author, last.reason)
