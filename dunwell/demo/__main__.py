"""`python -m dunwell.demo`, the same as `dunwell demo`."""

import os

# A demo asks the engine about few debtors, many hundred times: two threads of Polars would mostly wait for each other.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

from dunwell.demo.command import main

if __name__ == "__main__":
    main()
