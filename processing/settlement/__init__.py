"""Room for what a contract pays, from proven savings and prices. Nothing is here yet."""
