"""ml-connector: approved Basware invoices become QuickBooks Desktop Bills, and the answers flow back."""
