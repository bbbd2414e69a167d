"""What each debt owes to the minor unit, with interest, costs and fees, and how the sum comes about."""
