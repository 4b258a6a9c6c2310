"""Settings and dated tables: everything numeric that a standard or a contract may change."""
