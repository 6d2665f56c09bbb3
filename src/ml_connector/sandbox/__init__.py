"""The outside worlds, simulated: a Basware tenant and a QuickBooks company file that meet the product only as bytes."""
