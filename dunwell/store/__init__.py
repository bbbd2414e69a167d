"""The tables, their versions, the journal, bulk load and extract, and reads for screens.

Our only Django app with tables. Only `dunwell.actions` writes through it: see `guard`.
"""
