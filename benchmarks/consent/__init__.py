"""What consent costs: the gate, the ledger, and the erasure of a person."""
