"""What goes in and out, by module of endpoints. Money is text with two decimals; times are ISO 8601."""
