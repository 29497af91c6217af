"""bandit and detect-secrets, with every exception named and justified in ``accepted.toml``."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

from tests.gate.project import ROOT, Finding, Source

ACCEPTED = Path(__file__).with_name("accepted.toml")
# In tests a made-up password, or a URL with one, is the subject; keys of known services are looked for there as well.
_NOISE_IN_TESTS = {"Secret Keyword", "Basic Auth Credentials", "Hex High Entropy String", "Base64 High Entropy String"}
_PLUGINS = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "KeywordDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
_ENTROPY = ({"name": "Base64HighEntropyString", "limit": 4.5}, {"name": "HexHighEntropyString", "limit": 3.0})
_FILTERS = (
    "detect_secrets.filters.heuristic.is_indirect_reference",
    "detect_secrets.filters.heuristic.is_likely_id_string",
    "detect_secrets.filters.heuristic.is_not_alphanumeric_string",
    "detect_secrets.filters.heuristic.is_potential_uuid",
    "detect_secrets.filters.heuristic.is_prefixed_with_dollar_sign",
    "detect_secrets.filters.heuristic.is_sequential_string",
    "detect_secrets.filters.heuristic.is_templated_secret",
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """One accepted finding: a tool's ``test`` in a ``file``, and why it is no fault."""

    tool: str
    file: str
    test: str
    reason: str


def accepted(text: str) -> list[Accepted]:
    """Read the exceptions.

    :raises ValueError: when one has no reason.
    """
    found = [Accepted(**entry) for entry in tomllib.loads(text).get("accepted", [])]
    for entry in found:
        if len(entry.reason) < 15:
            raise ValueError(f"{entry.file} {entry.test}: say why it is no fault")
    return found


def without_accepted(findings: Iterable[Finding], exceptions: Iterable[Accepted]) -> Iterator[Finding]:
    """Drop what is accepted, and report acceptances that are no longer needed."""
    unused = {(entry.tool, entry.file, entry.test): entry for entry in exceptions}
    wanted = set(unused)
    for finding in findings:
        tool, _, test = finding.rule.partition(" ")
        if (tool, finding.path, test) in wanted:
            unused.pop((tool, finding.path, test), None)
        else:
            yield finding
    for entry in unused.values():
        message = f"nothing to accept for {entry.tool} {entry.test} in {entry.file} any more"
        yield Finding(ACCEPTED.relative_to(ROOT).as_posix(), 1, "accepted", message)


def bandit(project: Iterable[Source], root: Path = ROOT) -> list[Finding]:
    """Run bandit over the product's files.

    :raises RuntimeError: when it could not run.
    """
    files = [source.path for source in project if source.is_product or source.path == "manage.py"]
    if not files:
        return []
    run = subprocess.run(
        [sys.executable, "-m", "bandit", "-q", "-f", "json", "-s", "B101,B404,B603", *files],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
    )
    try:
        report: dict[str, Any] = json.loads(run.stdout)
    except ValueError:
        raise RuntimeError(f"bandit: {run.stderr[-500:]}") from None
    if report["errors"]:
        raise RuntimeError(f"bandit: {report['errors'][:3]}")
    return [
        Finding(
            issue["filename"].removeprefix("./"),
            issue["line_number"],
            f"bandit {issue['test_id']}",
            issue["issue_text"],
        )
        for issue in report["results"]
    ]


def secrets(project: Iterable[Source], root: Path = ROOT) -> list[Finding]:
    """Look for anything that looks like a real secret in the files that people write."""
    plugins = [*({"name": name} for name in _PLUGINS), *_ENTROPY]
    settings = {"plugins_used": plugins, "filters_used": [{"path": path} for path in _FILTERS]}
    with transient_settings(settings):
        return [
            Finding(source.path, secret.line_number, f"secret {secret.type}", "looks like a secret")
            for source in project
            for secret in scan_file(str(root / source.path))
            if not _is_noise(source, secret)
        ]


def _is_noise(source: Source, secret: PotentialSecret) -> bool:
    return source.is_test and secret.type in _NOISE_IN_TESTS
