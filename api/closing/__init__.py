"""A month closed or restated: what is told of it, and what somebody decides."""
