"""What was used: by meter, hour, tariff period, area and head, and how that compares."""
