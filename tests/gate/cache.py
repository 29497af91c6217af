"""Remembers which files were clean, by their content and the gate's own code: a second run looks at changes only."""

import json
from collections.abc import Iterable
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from tests.gate.project import ROOT, Source

TOOLS = ("bandit", "detect-secrets")


class Cache:
    """Digests of clean files in ``.gate_cache``, which keeps itself out of version control."""

    def __init__(self, folder: Path = ROOT / ".gate_cache") -> None:
        self._file = folder / "clean.json"
        self._version = _version()
        try:
            self._known = set(json.loads(self._file.read_text()))
        except (OSError, ValueError):
            self._known = set()

    def is_clean(self, source: Source) -> bool:
        """Whether the file was clean as it is now, to the gate as it is now."""
        return self._digest(source) in self._known

    def keep(self, clean: Iterable[Source]) -> None:
        """Replace what is remembered."""
        self._file.parent.mkdir(exist_ok=True)
        (self._file.parent / ".gitignore").write_text("*\n")
        self._file.write_text(json.dumps(sorted(map(self._digest, clean))))

    def _digest(self, source: Source) -> str:
        return sha256(f"{self._version}\0{source.path}\0{source.text}".encode()).hexdigest()


def _version() -> str:
    own = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    tools = [f"{name} {metadata.version(name)}".encode() for name in TOOLS]
    return sha256(b"\0".join([*own, *tools])).hexdigest()
