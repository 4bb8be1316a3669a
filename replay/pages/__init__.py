"""What all pages have in common: their head, their colours, and how they are put together."""

from replay.pages.parts import as_script_data, digest, filled, head, style

__all__ = ["as_script_data", "digest", "filled", "head", "style"]
