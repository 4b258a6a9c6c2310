"""How far the numbers can be trusted: completeness, corrections, thermometers that go off."""
