"""A day of the book: facts, decisions, and what they leave in the tables and the outbox."""
