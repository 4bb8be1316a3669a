"""Logs: read into lines and tables, and what is worth recognising in them."""
