"""The registry as people keep it: a workbook, checked cell by cell."""
