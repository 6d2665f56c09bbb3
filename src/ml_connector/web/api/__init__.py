"""The HTTP API: what the console does, for programs. Each endpoint follows a screen, and calls the same flow."""
