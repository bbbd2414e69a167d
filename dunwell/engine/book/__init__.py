"""What is open in the book on a day: claims, cash applied to them, lists, ageing, promises and targets."""
