"""The headers of somebody who calls the API: with a key, or signed in."""

from datetime import timedelta
from typing import Any

from api.access.sessions import form_token
from domain.keys import Key, digest_of, new_key_text
from domain.people import Account, new_session
from store.ledger.sql.ledger import SqlLedger
from tests.api_sample import NOW


def by_key(ledger: SqlLedger, **granted: Any) -> dict[str, str]:
    """A key of whoever is granted this, of a holder that is there."""
    text, prefix = new_key_text()
    issued_at = NOW - timedelta(days=1)
    ledger.issue_key(Key(prefix=prefix, digest=digest_of(text), issued_at=issued_at, **granted))
    return {"X-API-Key": text}


def by_session(ledger: SqlLedger, **granted: Any) -> dict[str, str]:
    """Somebody who is granted this and signed in, as a page of ours asks for them."""
    login = granted["holder"]
    account = Account(login=login, person=f"Person of {login}", added_at=NOW, **granted)
    ledger.add_person(account)
    text, session = new_session(login, NOW)
    assert ledger.begin_session(session, account)
    return {
        "Cookie": f"civicmeter_session={text}",
        "Origin": "http://127.0.0.1:8000",
        "X-CSRF-Token": form_token(text),
    }
