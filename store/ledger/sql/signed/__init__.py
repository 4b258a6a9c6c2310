"""What people answer for by name: closed months, statements, what was let go or refused."""
