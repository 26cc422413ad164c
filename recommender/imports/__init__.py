"""Products and behavior from elsewhere: formats read, a runner writes.

The formats (``formats.py`` names them; ``artificial``) are pure readers without Django.
"""
