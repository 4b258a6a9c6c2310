"""The city as control group: what untreated buildings tell of the same months."""
