"""What commands are made of where one file would hold too much."""
