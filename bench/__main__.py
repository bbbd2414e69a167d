"""`make bench`: imports, runs, the day, claims and contact rules at several sizes, each beside its floor."""

from importlib import import_module
from importlib.util import find_spec

for name in ("bench.imports", "bench.runs", "bench.tables", "bench.day", "bench.one", "bench.claims", "bench.contacts"):
    if find_spec(name) is not None:
        import_module(name).main()
