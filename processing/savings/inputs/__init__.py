"""What a baseline is fitted on: days from hours, sufficiency, the typical year."""
