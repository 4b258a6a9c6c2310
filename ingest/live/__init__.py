"""The live path: from the broker into the store, acknowledged after."""
