"""Rows, the credential vault and the audit chain. Holds no decisions."""
