"""How a message leaves: one module per channel, which knows no table.

A channel has one verb, `send`, and two ways to fail: `TryLater` and `Undeliverable`. A channel that cannot take a
message back also has a third outcome, `Unknown`: it may have left, so it is never repeated.
"""
