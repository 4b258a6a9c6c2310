"""Alembic's entry: migrates over the connection that `store.ledger.sql.migrations.upgrade` gives it.

By hand: ``alembic -x url=sqlite:///ledger.db -c store/ledger/sql/migrations/alembic.ini revision -m "…"``.
"""

from alembic import context
from sqlalchemy import create_engine

from store.ledger.sql.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    url = context.get_x_argument(as_dictionary=True)["url"]
    connection = create_engine(url).connect()
context.configure(connection=connection, target_metadata=metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
