"""Finds the connections with due work and runs them. Truth lives in rows; the engine only wakes."""
