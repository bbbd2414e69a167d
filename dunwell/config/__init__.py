"""Settings from the environment. Knows everybody; known by nobody."""
