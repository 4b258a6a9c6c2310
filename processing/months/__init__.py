"""The job: reads what devices said, computes months, keeps them in the ledger."""
