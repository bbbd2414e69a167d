"""Facts and decisions become bytes: letters, message texts, payment codes, and the linter of our own words."""
