"""The audit trail in the ledger's database: appended, asked, verified."""
