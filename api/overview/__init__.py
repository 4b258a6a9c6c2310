"""The overview as an answer: what the page says of everybody, as rows."""
