"""Alembic migrations of the ledger; `store.ledger.sql.ledger` runs them when it opens a database."""
