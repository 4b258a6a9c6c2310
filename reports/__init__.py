"""One report model per institution and month, rendered to HTML, PDF and XLSX."""
