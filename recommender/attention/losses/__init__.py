"""What training makes small: one file a loss, each judging states against the right items."""
