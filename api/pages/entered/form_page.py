"""What pages of entered things share: how long they are, and the numbers typed into fields."""

PAGE_SIZE = 50


def number(typed: str) -> object:
    """A number that was typed; what is none stays text, and is refused as the API refuses text."""
    try:
        return float(typed)
    except ValueError:
        return typed
