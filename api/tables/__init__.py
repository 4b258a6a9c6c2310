"""Lists of rows as tables: CSV, XLSX and Parquet."""
