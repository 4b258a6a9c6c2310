"""What reports and pages say, in both languages: numbers, names, findings, savings."""
