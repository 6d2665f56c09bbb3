"""The company's sign-in, spoken to by OpenID Connect. Knows neither rows nor pages."""
