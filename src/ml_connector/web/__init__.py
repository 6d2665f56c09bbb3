"""What answers over HTTP: the SOAP service of the Web Connector, notifications from Basware, and health."""
