"""Fresh reads of both sides, compared: evidence."""
