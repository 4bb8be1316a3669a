"""What a study came to, as one page that needs no network."""

from __future__ import annotations

from replay.tuning.page.html import page, write_page

__all__ = ["page", "write_page"]
