"""Migrations, the same for SQLite and PostgreSQL."""
