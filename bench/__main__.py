"""`make bench`: imports, runs, claims and contact rules at several sizes, each beside the least the rows can cost."""

from importlib import import_module
from importlib.util import find_spec

for name in ("bench.imports", "bench.runs", "bench.claims", "bench.contacts"):
    if find_spec(name) is not None:
        import_module(name).main()
