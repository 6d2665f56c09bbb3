"""The operator console: pages for people. Its address is below `/console`, and nothing of it runs for other addresses."""
