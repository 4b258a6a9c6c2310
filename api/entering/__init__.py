"""What people enter over HTTP, judged and kept: the same for routes and for forms."""
