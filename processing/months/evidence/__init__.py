"""What is known beside a contract's own use."""
