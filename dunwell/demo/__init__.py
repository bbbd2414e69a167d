"""The demonstration: a simulator of debtors, and days played through the real engine, outbox and sender.

Everybody and everything in it is invented. Nothing of it touches another data home, and no mail leaves the machine.
"""
