"""The `dunwell` command and scheduled jobs: a door, so it holds no rules."""
