"""Where the two systems meet: each flow reads rows, calls a decision, writes rows. One hop, one transaction."""
