"""A simulated QuickBooks: a company file behind its request processor, and the Web Connector that polls a service."""
