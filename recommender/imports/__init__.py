"""Products and behavior from elsewhere: formats read, a runner writes.

The formats (``completejourney``, ``jsonl``, ``artificial``) are pure readers without Django.
"""
