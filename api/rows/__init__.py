"""The rows of the answers: each class beside the function that makes it."""
