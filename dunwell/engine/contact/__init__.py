"""What the contact rules say: of a whole book, of described situations, of contacts about to be made."""
