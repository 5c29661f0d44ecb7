"""Faults on purpose: jobs are killed, starved and disturbed at random moments, and must lose nothing.

    .venv/bin/python -m tests.faults --trials 100 --output build/faults

The short form runs with the tests; figures of the long one stand in docs/promises.md.
"""
