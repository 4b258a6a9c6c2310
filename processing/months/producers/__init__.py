"""The producers of a month, a file for each: what of a site goes into which figures."""
