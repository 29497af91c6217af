"""The console can be installed, and what it keeps on a device holds nothing of a merchant."""

import json
import struct
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

pytestmark = pytest.mark.django_db


def given_to_the_worker(client: Client) -> dict[str, object]:
    first = client.get("/sw.js").content.decode().partition("\n")[0]
    found: dict[str, object] = json.loads(first.removeprefix("const given = ").removesuffix(";"))
    return found


def test_the_manifest_names_icons_of_the_size_that_it_says(client: Client) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    assert answer.json()["start_url"] == answer.json()["scope"] == "/admin/"
    for icon in answer.json()["icons"]:
        picture = Path(finders.find(icon["src"].removeprefix("/static/")) or "").read_bytes()
        assert "{}x{}".format(*struct.unpack(">II", picture[16:24])) == icon["sizes"]
    assert {icon["purpose"] for icon in answer.json()["icons"]} == {"any", "maskable"}


def test_the_worker_keeps_static_files_and_one_page_only(client: Client) -> None:
    answer = client.get("/sw.js")
    assert answer["Content-Type"] == "text/javascript"
    assert "no-cache" in answer["Cache-Control"]
    kept = given_to_the_worker(client)["kept"]
    assert isinstance(kept, list)
    assert [place for place in kept if not place.startswith("/static/")] == ["/offline/"]
    assert all(client.get(place).status_code == 200 for place in kept if not place.startswith("/static/"))
    assert all(finders.find(place.removeprefix("/static/")) for place in kept if place.startswith("/static/"))


def test_the_page_without_a_network_is_the_same_for_everybody(client: Client) -> None:
    answer = client.get("/offline/")
    assert "No connection" in answer.content.decode()
    assert "csrf" not in answer.content.decode()
    assert not answer.cookies
    assert "Vary" not in answer or "Cookie" not in answer["Vary"]
