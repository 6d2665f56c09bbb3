"""A database engine for Django: SQLite that says when it commits."""
