"""Keep everything, and bring it back: backup, restore, and the archive between them."""
