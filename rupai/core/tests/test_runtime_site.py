"""What the environment gives is used; what it lacks is started and made known to every process."""

import json
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from rupai.core.runtime.plan import parts_of
from rupai.core.runtime.site import Options, Site, open_site, published

pytestmark = pytest.mark.unit

GIVEN = {
    "DATABASE_URL": "postgresql://shop@db/shop",
    "REDIS_URL": "redis://cache/0",
    "CELERY_BROKER_URL": "amqp://queue//",
    "ENCRYPTION_KEY": "k9:given",
    "RUPAI_PORT": "9000",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    for name in ("RUPAI_BASE_URL", "RUPAI_SANDBOX_URL", "SECRET_KEY", "JWT_SECRET_KEY", "AUDIT_SIGNING_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    options = Options(port=8130, data_dir=tmp_path, demo=False, settings="rupai.settings.prod")
    with ExitStack() as undo:
        return open_site(options, tmp_path, undo)


def test_given_services_have_no_parts(site: Site) -> None:
    parts = {part.name: part for part in parts_of(site)}
    assert list(parts) == ["migrate", "sandbox", "bootstrap", "web", "worker", "beat"]
    assert parts["migrate"].after == ()
    assert parts["bootstrap"].after == ("migrate", "sandbox")


def test_the_demo_world_is_made_beside_everything_else(site: Site) -> None:
    demo = {part.name: part for part in parts_of(replace(site, demo=True))}["demo"]
    assert demo.aside
    assert demo.task
    assert set(demo.after) == {"bootstrap", "web", "sandbox"}


def test_every_process_shares_one_environment(site: Site) -> None:
    environment = site.environment
    assert {name: environment[name] for name in GIVEN} == GIVEN | {"RUPAI_PORT": "8130"}
    assert environment["DJANGO_SETTINGS_MODULE"] == "rupai.settings.prod"
    assert environment["RUPAI_BASE_URL"] == "http://127.0.0.1:8130"
    assert environment["RUPAI_DEMO"] == "0"
    assert environment["RUPAI_SANDBOX_URL"].startswith("http://127.0.0.1:")


def test_other_commands_find_it_while_it_runs(site: Site) -> None:
    path = site.data_dir / "environment.json"
    with published(site):
        assert path.stat().st_mode & 0o777 == 0o600
        found = json.loads(path.read_text())
    assert not path.exists()
    assert found["DATABASE_URL"] == GIVEN["DATABASE_URL"]
    assert found["ENCRYPTION_KEY"] == "k9:given"
    assert set(found) >= {"SECRET_KEY", "JWT_SECRET_KEY", "AUDIT_SIGNING_KEY", "CELERY_BROKER_URL", "RUPAI_SANDBOX_URL"}
    assert "PATH" not in found
