"""The ledger on SQLAlchemy: SQLite for one machine, PostgreSQL for many."""
