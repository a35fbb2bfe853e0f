"""Shared by all tests: the folder of reference code, and skipping that fails where nothing may be skipped (CI)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "core"))
