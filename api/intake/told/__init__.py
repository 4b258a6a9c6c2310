"""What is told of a body that was posted."""
