"""Finds what would make two runs differ: real clocks, unseeded randomness, identities, sets.

    python -m tests.lint_determinism simulator scenarios replay

A line that must keep one says why: `# det-ok: reason`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ESCAPE = "# det-ok: "

FORBIDDEN_CALLS = {
    "time.time": "a real clock",
    "time.time_ns": "a real clock",
    "time.monotonic": "a real clock",
    "time.monotonic_ns": "a real clock",
    "time.perf_counter": "a real clock",
    "time.perf_counter_ns": "a real clock",
    "time.sleep": "real waiting",
    "datetime.now": "a real clock",
    "datetime.utcnow": "a real clock",
    "datetime.datetime.now": "a real clock",
    "date.today": "a real clock",
    "uuid.uuid1": "unseeded randomness",
    "uuid.uuid4": "unseeded randomness",
    "uuid4": "unseeded randomness",
    "os.urandom": "unseeded randomness",
    "id": "an identity, which differs by process",
    "hash": "a hash, which differs by process",
}
FORBIDDEN_MODULES = {"random": "unseeded randomness", "secrets": "unseeded randomness"}
SEEDED = {"random.Random"}


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of attributes, else an empty text."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            owner = dotted(value)
            return f"{owner}.{attr}" if owner else ""
    return ""


def is_set(node: ast.expr) -> bool:
    """Whether an expression is plainly a set."""
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
    return False


def findings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line numbers and what is wrong there."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func, args=args):
                name = dotted(func)
                if name in FORBIDDEN_CALLS:
                    yield node.lineno, f"{name}() is {FORBIDDEN_CALLS[name]}"
                elif name.split(".")[0] in FORBIDDEN_MODULES and name not in SEEDED:
                    module = name.split(".")[0]
                    if "." in name:
                        yield node.lineno, f"{name}() is {FORBIDDEN_MODULES[module]}"
                elif name == "random.Random" and not args:
                    yield node.lineno, "random.Random() without a seed is unseeded randomness"
                if name in {"list", "tuple", "enumerate", "iter"} and args and is_set(args[0]):
                    yield node.lineno, "the order of a set differs by process; sort it"
            case ast.For(iter=iterated) | ast.comprehension(iter=iterated) if is_set(iterated):
                yield iterated.lineno, "the order of a set differs by process; sort it"


def lint(path: Path) -> list[str]:
    """The findings in a file, as `path:line: what`."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    return [
        f"{path}:{line}: {what}"
        for line, what in sorted(findings(ast.parse(text)))
        if ESCAPE not in lines[line - 1]
    ]


def main(folders: list[str]) -> int:
    files = sorted(file for folder in folders for file in Path(folder).rglob("*.py"))
    if not files:
        print(f"no Python files below {folders}")
        return 2
    found = [finding for file in files for finding in lint(file)]
    print("\n".join(found) if found else f"deterministic: {len(files)} files")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
