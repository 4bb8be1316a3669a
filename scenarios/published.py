"""The JSON Schemas of our files, as they are published for editors."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel


def schema_text(model: type[BaseModel], name: str) -> str:
    """The schema of a kind of file, under the name that other schemas know it by."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": name,
        **model.model_json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False, default=str) + "\n"
