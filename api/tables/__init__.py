"""Lists of rows as tables: CSV and Parquet."""
