"""The conformance suite: see docs/conformance.md."""
