"""Law and house rules as dated, cited data with their cases beside them; strategies as tables. Pure."""
