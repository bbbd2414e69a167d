"""The command line on a kept book."""

from tests.runs.conftest import say_of

__all__ = ["say_of"]
