from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.channels.sink import Sink
    from tests.support.homes import Home


@pytest.fixture
def sink(db: Home) -> Iterator[Sink]:
    """A mail server on loopback to which this process sends, on both databases."""
    # pytest reads this file before Django is set up
    from tests.channels.sink import smtp_sink
    from tests.send.book import at_sink

    with smtp_sink() as running:
        at_sink(running)
        yield running
