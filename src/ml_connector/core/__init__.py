"""Values and decisions. Standard library only: nothing here opens, waits, reads a clock or logs."""
