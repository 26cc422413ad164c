"""The newest events of people who are here now, kept in Redis beside the table."""
