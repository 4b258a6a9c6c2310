"""Telling other systems what happened: found in the ledger, signed, sent, tried again."""
