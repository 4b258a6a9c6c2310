"""What a contract pays, from proven savings and prices."""
