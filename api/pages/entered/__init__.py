"""Pages of what people enter: adjustments and corrections."""
