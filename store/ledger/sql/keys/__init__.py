"""Keys and their holders in the ledger's database."""
