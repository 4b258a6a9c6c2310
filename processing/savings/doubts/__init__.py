"""What a sceptic asks before a saving is called proven: one file a kind of doubt."""
