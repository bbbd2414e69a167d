"""The workspace in the browser: today, and one debtor. It shows; it does not act yet."""
