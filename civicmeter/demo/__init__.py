"""The demonstration and the scorecard: a whole pipeline on embedded parts."""
