"""The decisions of a day: whose step is next, how it reaches him, what comes first, who does it, and why."""
