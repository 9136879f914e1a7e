"""Thousands of phones in one process: a WebSocket client that costs a few microseconds a frame."""
