"""People who sign in, and their sessions, in the ledger's database."""
