#!/usr/bin/env python
"""Runs Loci's management commands (`manage.py up`, `migrate`, `provision`, ...)."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # platform/ is a source root, not a package: as a package it would shadow the standard library's `platform`.
    sys.path.insert(0, str(Path(__file__).resolve().parent / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loci.settings")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
