"""What a message says and what becomes of it, however it came: live or out of what was kept aside."""
