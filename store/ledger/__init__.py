"""The ledger: its port in parts, and the canonical form that signatures are over."""
