"""Keys and their holders: issued, rotated, revoked, each told of in the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, or_, select, update

from domain.audit import LOCAL, Act, Actor
from domain.errors import ConfigError
from domain.keys import NOTED_EVERY, RESERVED, Holder, Key
from store.ledger.lengths import NAME_CHARS, TEXT_CHARS, require_length
from store.ledger.sql.audit.append import append
from store.ledger.sql.engine import asking, insert_into, reading, writing
from store.ledger.sql.keys.scope import granted_of, only_institution, scope_of
from store.ledger.sql.keys.tables import api_key, key_holder


class SqlKeys:
    """See Keys. A part of SqlLedger."""

    _engine: Engine

    def add_holder(self, holder: Holder, *, actor: Actor = LOCAL) -> None:
        """See Keys.add_holder."""
        for what, text in (("id", holder.id), ("name", holder.name)):
            require_length(f"the {what} of a holder of keys", text, NAME_CHARS)
        if holder.id.casefold() in RESERVED:
            raise ConfigError(
                f"{holder.id} is how the audit trail calls its own: choose another id"
            )
        row = {"id": holder.id, "name": holder.name, "added_at": holder.added_at}
        with writing(self._engine) as connection:
            new = insert_into(connection, key_holder).on_conflict_do_nothing()
            added = connection.execute(new.returning(key_holder.c.id), row).one_or_none()
            if added is None:
                raise ConfigError(f"{holder.id} is there already: civicmeter vendor list")
            after = {"name": holder.name}
            act = Act(action="add", kind="key_holder", id=holder.id, after=after)
            append(connection, actor, [act])

    def holders(self) -> list[Holder]:
        """See Keys.holders."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(key_holder).order_by(key_holder.c.id))
            return [Holder(r.id, r.name, r.added_at) for r in rows]

    def issue_key(self, key: Key, *, actor: Actor = LOCAL) -> None:
        """See Keys.issue_key."""
        require_length("the person of a key", key.person, NAME_CHARS)
        with writing(self._engine) as connection:
            _insert(connection, key)
            append(connection, actor, [_issued(key)])

    def rotate_key(
        self, prefix: str, key: Key, *, old_until: datetime, actor: Actor = LOCAL
    ) -> None:
        """See Keys.rotate_key."""
        with writing(self._engine) as connection:
            old = _there(connection, prefix)
            if old.revoked_at is not None:
                raise ConfigError(f"the key {prefix} is revoked: issue a new one instead")
            until = old_until if old.expires_at is None else min(old.expires_at, old_until)
            _insert(connection, key)
            _change(connection, prefix, expires_at=until)
            ends = Act(
                action="change",
                kind="api_key",
                id=prefix,
                before={"expires_at": _text(old.expires_at)},
                after={"expires_at": _text(until)},
            )
            append(connection, actor, [_issued(key), ends])

    def revoke_key(self, prefix: str, *, at: datetime, reason: str, actor: Actor = LOCAL) -> None:
        """See Keys.revoke_key."""
        require_length("the reason of a revocation", reason, TEXT_CHARS)
        with writing(self._engine) as connection:
            old = _there(connection, prefix)
            if old.revoked_at is not None and old.revoked_at <= at:
                return
            _change(connection, prefix, revoked_at=at)
            after = {"revoked_at": _text(at)}
            act = Act(action="revoke", kind="api_key", id=prefix, after=after, reason=reason)
            append(connection, actor, [act])

    def issued_keys(self) -> list[Key]:
        """See Keys.issued_keys."""
        c = api_key.c
        query = select(api_key).order_by(c.holder, c.issued_at, c.prefix)
        with reading(self._engine) as connection:
            return [_key(r) for r in connection.execute(query)]

    def key(self, prefix: str) -> Key | None:
        """See Keys.key."""
        with asking(self._engine) as connection:
            row = connection.execute(
                select(api_key).where(api_key.c.prefix == prefix)
            ).one_or_none()
        return None if row is None else _key(row)

    def any_key_issued(self) -> bool:
        """See Keys.any_key_issued."""
        with asking(self._engine) as connection:
            return connection.execute(select(api_key.c.prefix).limit(1)).first() is not None

    def key_used(self, prefix: str, at: datetime) -> None:
        """See Keys.key_used."""
        last = api_key.c.last_used_at
        old = or_(last.is_(None), last <= at - NOTED_EVERY)
        here = and_(api_key.c.prefix == prefix, old)
        with writing(self._engine) as connection:
            connection.execute(update(api_key).where(here).values(last_used_at=at))


def require_holder(connection: Connection, holder: str) -> None:
    """Raises ConfigError where nobody is called so."""
    found = select(key_holder.c.id).where(key_holder.c.id == holder)
    if connection.execute(found).one_or_none() is None:
        raise ConfigError(f"nobody is called {holder}: civicmeter vendor add {holder} …")


def _insert(connection: Connection, key: Key) -> None:
    require_holder(connection, key.holder)
    connection.execute(
        api_key.insert(),
        {
            "prefix": key.prefix,
            "digest": key.digest,
            "holder": key.holder,
            "role": key.role.value,
            "person": key.person,
            "scope": scope_of(key),
            "issued_at": key.issued_at,
            "expires_at": key.expires_at,
        },
    )


def _there(connection: Connection, prefix: str) -> Key:
    here = select(api_key).where(api_key.c.prefix == prefix).with_for_update()
    row = connection.execute(here).one_or_none()
    if row is None:
        raise ConfigError(f"no key begins with {prefix}: civicmeter vendor list")
    return _key(row)


def _change(connection: Connection, prefix: str, **values: datetime) -> None:
    connection.execute(update(api_key).where(api_key.c.prefix == prefix).values(**values))


def _issued(key: Key) -> Act:
    after: dict[str, Any] = {"holder": key.holder, "role": key.role.value, **scope_of(key)}
    if key.person:
        after["person"] = key.person
    if key.expires_at is not None:
        after["expires_at"] = _text(key.expires_at)
    institution = only_institution(key)
    return Act(action="issue", kind="api_key", id=key.prefix, institution=institution, after=after)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _key(row: Row[Any]) -> Key:
    return Key(
        **granted_of(row),
        prefix=row.prefix,
        digest=row.digest,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
