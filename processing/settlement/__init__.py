"""What a contract pays, from savings, prices and terms. Pure: a month's inputs in, lines out."""
