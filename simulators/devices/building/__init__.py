"""What a building uses, from its kind, its people and the weather."""
