"""The gates of remembered people in Redis, so that a warm page asks no database."""
