"""QuickBooks Desktop and its Web Connector: qbXML, SOAP envelopes, the session. No I/O, no clock, no dice."""
