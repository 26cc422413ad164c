"""An artificial shop whose truth is known: products, shoppers and what they do, from one seed.

Pure numpy: nothing here imports Django. ``simulate`` in ``shop.py`` is the door.
"""
