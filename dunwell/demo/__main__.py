"""`python -m dunwell.demo`, the same as `dunwell demo`."""

from dunwell.demo.command import main

if __name__ == "__main__":
    main()
