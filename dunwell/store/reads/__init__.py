"""What doors may ask of the tables. Nothing here writes."""
