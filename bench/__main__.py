"""`make bench`: import and run at 100,000 and 1,000,000 invoices, each beside the least the same rows can cost."""

from importlib import import_module
from importlib.util import find_spec

for name in ("bench.imports", "bench.runs"):
    if find_spec(name) is not None:
        import_module(name).main()
