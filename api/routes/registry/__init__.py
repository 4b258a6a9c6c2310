"""The registry read and changed by administrators: as its workbook, and record by record."""
