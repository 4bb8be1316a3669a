"""Validation errors as problems of a file: with the line, the rule, and a cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from scenarios.document import Document, key_text
from scenarios.errors import Problem
from scenarios.types import nearest
from scenarios.units import Unusable


def problems_of(
    error: ValidationError, document: Document, model: type[BaseModel]
) -> list[Problem]:
    """One problem for each error, in no particular order."""
    found: dict[tuple[str, str], Problem] = {}
    for details in error.errors():
        if _counts_only_what_is_good(details, document):
            continue
        problem = _problem(details, document, model)
        found.setdefault((problem.key, problem.rule), problem)
    return list(found.values())


def _problem(details: ErrorDetails, document: Document, model: type[BaseModel]) -> Problem:
    cause = details.get("ctx", {}).get("error")
    path = _document_path(details["loc"], document.data)
    if isinstance(cause, Unusable):
        path = (*path, *cause.path)
        rule, cure = cause.rule, cause.cure
    else:
        rule, cure = _rule(details, path, document, model)
    value = None if details["type"] in _WITHOUT_VALUE else _value_at(document.data, path)
    return Problem(
        file=document.file,
        line=document.line(path),
        key=key_text(path),
        value=_shown(value),
        rule=rule,
        cure=cure,
    )


def _counts_only_what_is_good(details: ErrorDetails, document: Document) -> bool:
    """A list whose entries are all wrong is called too short as well; it is not."""
    path = _document_path(details["loc"], document.data)
    return details["type"] == "too_short" and bool(_value_at(document.data, path))


_WITHOUT_VALUE = ("missing", "extra_forbidden")


def _rule(
    details: ErrorDetails, path: tuple[Any, ...], document: Document, model: type[BaseModel]
) -> tuple[str, str]:
    context: Mapping[str, Any] = details.get("ctx", {})
    match details["type"]:
        case "missing":
            owner = _model_at(model, path[:-1])
            field = owner.model_fields.get(str(path[-1])) if owner else None
            about = f" ({field.description})" if field is not None and field.description else ""
            return "is missing", f"add `{path[-1]}:`{about}"
        case "extra_forbidden":
            owner = _model_at(model, path[:-1])
            return "no such key", nearest(str(path[-1]), list(owner.model_fields) if owner else [])
        case "literal_error" | "enum":
            known = [
                word.strip(" '")
                for word in str(context["expected"]).replace(" or ", ", ").split(",")
            ]
            return "is none of the known words", nearest(str(_value_at(document.data, path)), known)
        case "model_type" | "dict_type" | "model_attributes_type":
            return "must be a mapping", "write `key: value` lines below it"
        case "tuple_type" | "list_type":
            return "must be a list", "write `- ...` lines below it, or [a, b]"
        case "too_short":
            return "is empty", f"give at least {context['min_length']}"
        case "too_long":
            return f"has more than {context['max_length']} entries", "leave the rest out"
        case _:
            return details["msg"], ""


def _document_path(loc: Sequence[str | int], data: Any) -> tuple[str | int, ...]:
    """Where an error lies in the file: its location without what only the schema knows of.

    The location of an error in a union names the union's members as well.
    """
    path: list[str | int] = []
    for index, part in enumerate(loc):
        last = index == len(loc) - 1
        if isinstance(data, dict) and isinstance(part, str) and (part in data or last):
            if part == "[key]" or (part not in data and "[" in part):
                continue
            path.append(part)
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            path.append(part)
            data = data[part] if part < len(data) else None
    return tuple(path)


def _value_at(data: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _shown(value: Any) -> str:
    """A value as it stood in the file, if it is short."""
    match value:
        case None | dict():
            return ""
        case bool():
            return str(value).lower()
        case str() | int() | Decimal():
            return str(value)
        case list() if len(value) <= 4 and not any(isinstance(x, (dict, list)) for x in value):
            return f"[{', '.join(str(each) for each in value)}]"
    return ""


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    """The model of the mapping at a path, walked along the fields' types."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(part))
            current = _core(field.annotation) if field is not None else None
        elif get_origin(current) is dict:
            current = _core(get_args(current)[1])
        elif get_origin(current) is tuple:
            arguments = get_args(current)
            position = part if isinstance(part, int) and part < len(arguments) else 0
            current = _core(arguments[0 if Ellipsis in arguments else position])
        else:
            return None
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _core(annotation: Any) -> Any:
    """The type itself, without None and without what annotates it."""
    for argument in get_args(annotation):
        origin = get_origin(annotation)
        if origin in (dict, tuple):
            return annotation
        if argument is not NoneType:
            return _core(argument)
    return annotation
