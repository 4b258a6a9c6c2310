"""People who sign in: added, locked, their sessions begun and ended, their attempts counted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, delete, select, update

from domain.audit import LOCAL, Act, Actor
from domain.errors import ConfigError
from domain.keys import RESERVED
from domain.people import GUESSING_WINDOW, Account, Attempts, Session
from store.ledger.lengths import NAME_CHARS, TEXT_CHARS, require_length
from store.ledger.sql.audit.append import append
from store.ledger.sql.engine import asking, insert_into, reading, writing
from store.ledger.sql.keys.keys import require_holder
from store.ledger.sql.keys.scope import granted_of, only_institution, scope_of
from store.ledger.sql.people.tables import person, person_session, sign_in_attempt


class SqlPeople:
    """See People. A part of SqlLedger."""

    _engine: Engine

    def add_person(self, account: Account, *, actor: Actor = LOCAL) -> None:
        """See People.add_person."""
        for what, text in (("person", account.person), ("subject", account.subject)):
            require_length(f"the {what} of {account.login[:NAME_CHARS]}", text, NAME_CHARS)
        if account.login in RESERVED:
            raise ConfigError(
                f"{account.login} is how the audit trail calls its own: choose another"
            )
        row = {
            "login": account.login,
            "holder": account.holder,
            "role": account.role.value,
            "person": account.person,
            "scope": scope_of(account),
            "password": account.password,
            "subject": account.subject or None,
            "added_at": account.added_at,
        }
        with writing(self._engine) as connection:
            require_holder(connection, account.holder)
            new = insert_into(connection, person).on_conflict_do_nothing()
            added = connection.execute(new.returning(person.c.login), row).one_or_none()
            if added is None:
                raise ConfigError(
                    f"{account.login}, or who it is to the identity provider, is there already:"
                    " civicmeter person list"
                )
            append(connection, actor, [_added(account)])

    def people(self) -> list[Account]:
        """See People.people."""
        with reading(self._engine) as connection:
            return [_account(r) for r in connection.execute(select(person).order_by("login"))]

    def person(self, login: str) -> Account | None:
        """See People.person."""
        with asking(self._engine) as connection:
            row = connection.execute(select(person).where(person.c.login == login)).one_or_none()
        return None if row is None else _account(row)

    def person_of_subject(self, subject: str) -> Account | None:
        """See People.person_of_subject."""
        if not subject:
            return None
        here = person.c.subject == subject
        with asking(self._engine) as connection:
            row = connection.execute(select(person).where(here)).one_or_none()
        return None if row is None else _account(row)

    def set_password(
        self, login: str, password: str, *, at: datetime, actor: Actor = LOCAL
    ) -> None:
        """See People.set_password."""
        with writing(self._engine) as connection:
            _there(connection, login)
            _change(connection, login, password=password)
            _end_sessions(connection, login)
            after = {"password_set_at": at.isoformat()}
            append(connection, actor, [Act(action="change", kind="person", id=login, after=after)])

    def set_subject(self, login: str, subject: str, *, actor: Actor = LOCAL) -> None:
        """See People.set_subject."""
        require_length(f"the subject of {login[:NAME_CHARS]}", subject, NAME_CHARS)
        others = and_(person.c.subject == subject, person.c.login != login)
        with writing(self._engine) as connection:
            before = _there(connection, login).subject
            taken = connection.execute(select(person.c.login).where(others)).scalar_one_or_none()
            if taken is not None:
                raise ConfigError(f"{subject} is {taken}: civicmeter person list")
            _change(connection, login, subject=subject or None)
            act = Act(
                action="change",
                kind="person",
                id=login,
                before={"subject": before},
                after={"subject": subject},
            )
            append(connection, actor, [act])

    def lock_person(self, login: str, *, at: datetime, reason: str, actor: Actor = LOCAL) -> None:
        """See People.lock_person."""
        require_length("the reason of a lock", reason, TEXT_CHARS)
        with writing(self._engine) as connection:
            if _there(connection, login).locked_at is not None:
                return
            _change(connection, login, locked_at=at)
            _end_sessions(connection, login)
            after = {"locked_at": at.isoformat()}
            act = Act(action="lock", kind="person", id=login, after=after, reason=reason)
            append(connection, actor, [act])

    def unlock_person(self, login: str, *, reason: str, actor: Actor = LOCAL) -> None:
        """See People.unlock_person."""
        require_length("the reason of unlocking", reason, TEXT_CHARS)
        with writing(self._engine) as connection:
            locked_at = _there(connection, login).locked_at
            if locked_at is None:
                return
            _change(connection, login, locked_at=None)
            before = {"locked_at": locked_at.isoformat()}
            act = Act(action="unlock", kind="person", id=login, before=before, reason=reason)
            append(connection, actor, [act])

    def any_person(self) -> bool:
        """See People.any_person."""
        with asking(self._engine) as connection:
            return connection.execute(select(person.c.login).limit(1)).first() is not None

    def begin_session(self, session: Session, known_as: Account) -> bool:
        """See People.begin_session."""
        over = person_session.c.expires_at <= session.begun_at
        with writing(self._engine) as connection:
            now = _there(connection, session.login)
            if now.locked_at is not None or now.password != known_as.password:
                return False
            connection.execute(delete(person_session).where(over))
            row = {f: getattr(session, f) for f in Session.__slots__}
            connection.execute(person_session.insert(), row)
        return True

    def signed_in(self, digest: str, at: datetime) -> Account | None:
        """See People.signed_in."""
        s = person_session.c
        query = (
            select(person)
            .join(person_session, s.login == person.c.login)
            .where(s.digest == digest, s.expires_at > at, person.c.locked_at.is_(None))
        )
        with asking(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _account(row)

    def end_session(self, digest: str) -> None:
        """See People.end_session."""
        with writing(self._engine) as connection:
            connection.execute(delete(person_session).where(person_session.c.digest == digest))

    def count_attempt(self, most: Mapping[str, int], at: datetime) -> datetime | None:
        """See People.count_attempt."""
        with writing(self._engine) as connection:
            _forget_old(connection, at)
            # In one order, and there for others who come with the same: they wait here.
            found = {mark: _attempts(connection, mark, at) for mark in sorted(most)}
            shut = [a.until for a in found.values() if a.is_shut(at) and a.until is not None]
            if shut:
                return max(shut)
            for mark, attempts in found.items():
                _keep_attempts(connection, mark, attempts.and_one(at, most[mark]))
        return None

    def forget_attempt(self, wholly: str, once: str) -> None:
        """See People.forget_attempt."""
        a = sign_in_attempt.c
        taken_back = {"count": a.count - 1, "until": None}
        with writing(self._engine) as connection:
            connection.execute(delete(sign_in_attempt).where(a.mark == wholly))
            one = update(sign_in_attempt).where(a.mark == once, a.count > 0)
            connection.execute(one.values(taken_back))


def _forget_old(connection: Connection, at: datetime) -> None:
    """Names that nobody has, tried once, are no row for ever."""
    a = sign_in_attempt.c
    # A lock ends within a window of an attempt within a window.
    old = select(a.mark).where(a.since <= at - 2 * GUESSING_WINDOW)
    free = old.with_for_update(skip_locked=True)
    connection.execute(delete(sign_in_attempt).where(a.mark.in_(free)))


def _attempts(connection: Connection, mark: str, at: datetime) -> Attempts:
    """Those that are remembered, held until the end of the transaction."""
    new = insert_into(connection, sign_in_attempt).on_conflict_do_nothing()
    connection.execute(new, {"mark": mark, "count": 0, "since": at})
    here = select(sign_in_attempt).where(sign_in_attempt.c.mark == mark).with_for_update()
    _, count, since, until = connection.execute(here).one()
    found = Attempts(count, since, until)
    return Attempts(0, at) if found.is_over(at) else found


def _keep_attempts(connection: Connection, mark: str, attempts: Attempts) -> None:
    values = {"count": attempts.count, "since": attempts.since, "until": attempts.until}
    here = sign_in_attempt.c.mark == mark
    connection.execute(update(sign_in_attempt).where(here).values(values))


def _there(connection: Connection, login: str) -> Account:
    here = select(person).where(person.c.login == login).with_for_update()
    row = connection.execute(here).one_or_none()
    if row is None:
        raise ConfigError(f"nobody signs in as {login[:NAME_CHARS]}: civicmeter person list")
    return _account(row)


def _change(connection: Connection, login: str, **values: object) -> None:
    connection.execute(update(person).where(person.c.login == login).values(**values))


def _end_sessions(connection: Connection, login: str) -> None:
    connection.execute(delete(person_session).where(person_session.c.login == login))


def _added(account: Account) -> Act:
    after: dict[str, Any] = {
        "person": account.person,
        "holder": account.holder,
        "role": account.role.value,
        **scope_of(account),
    }
    if account.subject:
        after["subject"] = account.subject
    institution = only_institution(account)
    return Act(action="add", kind="person", id=account.login, institution=institution, after=after)


def _account(row: Row[Any]) -> Account:
    return Account(
        **granted_of(row),
        login=row.login,
        added_at=row.added_at,
        password=row.password,
        subject=row.subject or "",
        locked_at=row.locked_at,
    )
