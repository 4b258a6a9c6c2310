"""What was kept aside, who waits to be registered, and taking it back."""
