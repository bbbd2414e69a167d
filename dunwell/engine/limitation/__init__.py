"""Until when a claim can be brought before a court, what would save it, and which last days lie near."""
