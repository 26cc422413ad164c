#!/usr/bin/env python
"""Django's command line for the shop that ships with the package."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attention_shop.settings")
    from django.core.management import execute_from_command_line

    import attention_shop.celery  # noqa: F401  commands that send tasks need the configured broker

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
