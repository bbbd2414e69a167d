"""Take files of other systems in: read, compared with the book, written in one transaction."""
