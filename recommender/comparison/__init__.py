"""Models that ours is compared with. What is fitted here is measured and never published."""
