"""Basware P2P: what goes over its wire, and nothing about rows or QuickBooks.

- `config`, `transport`: where Basware is, and how bytes get there
- `tokens`, `calls`, `pages`: one token, one call, one page of invoices
- `client`: the verbs, such as reading invoices, acknowledging, answering, publishing lists
- `ping`, `publishing`, `subscriptions`: the parts of the client that have values of their own
- `dialects`, `retry_after`, `masking`: what its errors say, how long to wait, what is never kept
- `wire`, `read`: its bytes -> `core.Invoice`
- `limits`, `write`, `write_lists`: core values -> its JSON
- `signature`, `notification`: its webhook call
"""
