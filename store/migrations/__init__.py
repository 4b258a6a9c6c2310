"""Alembic migrations of the ledger; `store.sql_ledger` runs them when it opens a database."""
