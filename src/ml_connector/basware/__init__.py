"""Basware P2P: what goes over its wire, and nothing about rows or QuickBooks.

    config, transport      where Basware is, and how bytes get there
    tokens, calls, pages   one token, one call, one page of invoices
    client                 the verbs: read invoices, acknowledge, answer, publish lists, subscribe
    dialects, masking      what its errors say; what is never kept
    wire, read             its bytes -> `core.Invoice`
    write, write_lists     core values -> its JSON
    signature, notification  its webhook call
"""
