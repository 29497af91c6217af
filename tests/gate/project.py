"""The project as the gate sees it: its text files, parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("rupai", "payments", "wallets", "subscriptions", "analytics", "compliance", "monitoring", "mcp_bridge")
DOORS = ("api", "admin", "pages", "tasks", "handlers", "serializers", "forms", "consumers", "urls")
# Made by machines, or brought from outside.
SKIPPED = {"__pycache__", "node_modules", "build", "static_collected", "artifacts", "vendor"}
TEXT = {".py", ".md", ".html", ".txt", ".toml", ".yml", ".yaml", ".json", ".sh", ".sql", ".conf", ".css", ".js", ".cfg"}
NAMED = {"Makefile", "Dockerfile", ".env.example", ".dockerignore", ".gitignore", "run"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a rule."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One text file; ``path`` is relative to the project and uses slashes."""

    path: str
    text: str

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def is_test(self) -> bool:
        return "tests" in self.parts or self.path == "conftest.py"

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.parts

    @property
    def is_product(self) -> bool:
        """Code that runs in production."""
        return self.is_python and self.parts[0] in APPS and not self.is_test and not self.is_migration

    @property
    def is_door(self) -> bool:
        """Modules and packages of an app that face outside, and the two apps that are nothing but doors."""
        if not self.is_product:
            return False
        if self.path.startswith(("rupai/api/", "rupai/pages/")):
            return True
        names = {part.removesuffix(".py") for part in self.parts[1:]}
        return bool(names & set(DOORS)) or "management" in names

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in self.nodes if isinstance(node, ast.Call))


def sources(root: Path = ROOT) -> list[Source]:
    """Read every text file of the project that people write."""
    return [Source(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in sorted(_files(root))]


def _files(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        if path.is_symlink() or path.name in SKIPPED:
            continue
        if path.is_dir():
            # Hidden folders belong to tools, except the one that holds the pipeline.
            if not path.name.startswith(".") or path.name == ".ci":
                yield from _files(path)
        elif path.suffix in TEXT or path.name in NAMED:
            yield path
