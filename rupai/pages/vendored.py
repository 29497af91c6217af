"""The libraries of others that lie in this project, compared with the list of what they must be."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "rupai" / "vendor"
LIST = "vendor.json"


@dataclass(frozen=True, slots=True)
class Vendored:
    """One file, where it comes from, and the digest of what was put here."""

    name: str
    version: str
    licence: str
    file: str
    sha256: str
    source: str


def listed(folder: Path = FOLDER) -> list[Vendored]:
    """All files of the list."""
    return [Vendored(**entry) for entry in json.loads((folder / LIST).read_text(encoding="utf-8"))]


def differences(folder: Path = FOLDER) -> list[str]:
    """One sentence for each file that is missing, changed, not listed, or asks for a source map."""
    files = {entry.file: entry for entry in listed(folder)}
    present = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    found = [f"{name} is missing" for name in files if name not in present]
    for name, path in present.items():
        if name == LIST:
            continue
        content = path.read_bytes()
        if name not in files:
            found.append(f"{name} is not in {LIST}")
        elif hashlib.sha256(content).hexdigest() != files[name].sha256:
            found.append(f"{name} differs from {files[name].name} {files[name].version}")
        if path.suffix in {".js", ".css"} and b"sourceMappingURL" in content:
            found.append(f"{name} asks for a source map")
    return found
