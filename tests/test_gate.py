"""Every rule of the gate has a planted fault that turns it red, and something close by that it lets pass."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gate import code, floors, money, shape, tools
from tests.gate.cache import Cache
from tests.gate.project import ROOT, Finding, Source

pytestmark = pytest.mark.unit
Rule = Callable[[Source], Iterator[Finding]]
LONG = "def f() -> None:\n" + "    x = 1\n" * 40
FITS = "def f() -> None:\n" + "    x = 1\n" * 39

FAULTS: list[tuple[Rule, str, str]] = [
    (code.marks_safe, "payments/pages.py", "from django.utils.safestring import mark_safe\n"),
    (code.marks_safe, "payments/pages.py", "from django.utils import safestring\nx = safestring.mark_safe('<b>')\n"),
    (code.marks_safe, "payments/pages.py", "from django.utils import safestring\nx = safestring.SafeString('<b>')\n"),
    (code.marks_safe, "templates/a.html", "<p>\n{{ name|safe }}</p>"),
    (code.marks_safe, "templates/a.html", "{% autoescape off %}{{ name }}{% endautoescape %}"),
    (code.exempts_from_csrf, "payments/api.py", "@csrf_exempt\ndef view(request): ...\n"),
    (code.exempts_from_csrf, "rupai/pages/a.py", "from django.views.decorators.csrf import csrf_exempt\n"),
    (code.queries_in_doors, "payments/api.py", "rows = Payment.objects.raw('SELECT 1')\n"),
    (code.queries_in_doors, "payments/admin.py", "rows = queryset.extra(where=['1 = 1'])\n"),
    (code.queries_in_doors, "payments/tasks.py", "with connection.cursor() as cursor: ...\n"),
    (code.queries_in_doors, "payments/serializers.py", "x = RawSQL('1', [])\n"),
    (code.queries_in_doors, "rupai/pages/lists.py", "x = connection.cursor()\n"),
    (code.queries_in_doors, "payments/management/commands/a.py", "rows = Payment.objects.all()\n"),
    (code.queries_in_doors, "rupai/api/accounts/users.py", "rows = User.objects.all().order_by('id')\n"),
    (code.http_without_timeout, "payments/providers/a.py", "import requests\nrequests.get('https://x')\n"),
    (code.http_without_timeout, "bench/a.py", "from urllib.request import urlopen\nurlopen('https://x')\n"),
    (code.http_without_timeout, "payments/a.py", "import urllib3\npool.urlopen('GET', '/')\n"),
    (code.http_without_timeout, "payments/a.py", "import httpx\nhttpx.request('GET', 'https://x')\n"),
    (code.http_without_timeout, "rupai/a.py", "from http.client import HTTPConnection\nHTTPConnection('h', 80)\n"),
    (code.http_without_timeout, "rupai/a.py", "import socket\nsocket.create_connection(('h', 80))\n"),
    (code.prints, "payments/services/create.py", "print('here')\n"),
    (code.other_clocks, "payments/services/create.py", "now = timezone.now()\n"),
    (code.other_clocks, "payments/models.py", "at = models.DateTimeField(auto_now_add=True)\n"),
    (money.floats, "payments/a.py", "amount: float = 1\n"),
    (money.floats, "payments/a.py", "def f(price: float | None) -> None: ...\n"),
    (money.floats, "payments/a.py", "row.total_fee = 1.5\n"),
    (money.floats, "payments/a.py", "x = float(payment.amount)\n"),
    (money.floats, "payments/a.py", "x = float(row['balance'])\n"),
    (money.floats, "payments/a.py", "x = amount / 100\n"),
    (money.floats, "payments/a.py", "x = 0.19 * payment.amount\n"),
    (money.floats, "payments/a.py", "amount_minor = models.FloatField()\n"),
    (money.floats, "payments/a.py", "f(amount=99.5)\n"),
    (money.floats, "payments/migrations/0001_a.py", "fields = [('fee', models.FloatField())]\n"),
    (shape.long_functions, "payments/a.py", LONG),
    (shape.long_functions, "tests/test_a.py", LONG.replace("def", "async def")),
    (shape.long_modules, "payments/a.py", "x = 1\n" * 301),
    (shape.vague_names, "payments/utils.py", ""),
    (shape.vague_names, "rupai/core/helpers.py", ""),
    (shape.vague_names, "wallets/managers.py", ""),
    (shape.vague_names, "wallets/signals.py", ""),
    (shape.paths_of_a_machine, "docs/a.md", "cd /home" + "/asha/rupai"),
    (shape.paths_of_a_machine, "Makefile", "PY = /Users" + "/asha/bin/python"),
    (shape.paths_of_a_machine, "rupai/a.py", 'X = "/work' + '/main"'),
    (shape.paths_of_a_machine, "rupai/a.py", 'X = "C:\\' + 'Users\\asha"'),
]

CLEAN: list[tuple[Rule, str, str]] = [
    (code.marks_safe, "payments/pages.py", "from django.utils.html import format_html\n"),
    (code.marks_safe, "templates/a.html", "{{ name|safe_url }} {{ unsafe }}"),
    (code.exempts_from_csrf, "mcp_bridge/views.py", "@csrf_exempt\ndef view(request): ...\n"),
    (code.exempts_from_csrf, "payments/webhooks.py", "@csrf_exempt\ndef view(request): ...\n"),
    (code.queries_in_doors, "payments/selectors.py", "with connection.cursor() as c: Payment.objects.raw('x')\n"),
    (code.queries_in_doors, "payments/api.py", "rows = Payment.objects.visible_to(actor)\ncursor = page.cursor\n"),
    (code.queries_in_doors, "payments/tests/test_api.py", "rows = Payment.objects.all()\n"),
    (code.http_without_timeout, "payments/a.py", "import requests\nrequests.get('https://x', timeout=3)\n"),
    (code.http_without_timeout, "payments/a.py", "import urllib3\npool.urlopen('GET', '/', **options)\n"),
    (code.http_without_timeout, "payments/a.py", "import urllib3\nfound = headers.get('X')\n"),
    (code.prints, "payments/management/commands/a.py", "print('here')\n"),
    (code.prints, "bench/a.py", "print('here')\n"),
    (code.other_clocks, "payments/services/create.py", "now = clock.now()\n"),
    (money.floats, "payments/a.py", "half: float = 0.5\namount: int = 1\nx = amount // 100\nratio = a / b\n"),
    (money.floats, "payments/tests/test_a.py", "amount = 1.5\n"),
    (shape.long_functions, "payments/a.py", FITS),
    (shape.long_functions, "payments/migrations/0001_a.py", LONG),
    (shape.long_modules, "payments/a.py", "x = 1\n" * 300),
    (shape.vague_names, "payments/selectors.py", ""),
    (shape.paths_of_a_machine, "docs/a.md", "https://example.com/home/asha and artwork/main, $HOME/x"),
]


def named(cases: list[tuple[Rule, str, str]]) -> list[str]:
    return [f"{rule.__name__}-{number}" for number, (rule, _, _) in enumerate(cases)]


@pytest.mark.parametrize(("rule", "path", "text"), FAULTS, ids=named(FAULTS))
def test_a_planted_fault_turns_its_rule_red(rule: Rule, path: str, text: str) -> None:
    found = list(rule(Source(path, text)))
    assert found
    assert all(finding.path == path and finding.line >= 1 and finding.message for finding in found)


@pytest.mark.parametrize(("rule", "path", "text"), CLEAN, ids=named(CLEAN))
def test_what_is_right_passes(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text))) == []


def test_every_rule_has_a_planted_fault() -> None:
    planted = {rule for rule, _, _ in FAULTS}
    assert planted == {*code.RULES, *money.RULES, *shape.RULES}
    assert set(floors.RULES) == {floors.upward_relations, floors.failpoints}


PYPROJECT = Source("pyproject.toml", (ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("wallets/models.py", "p = models.ForeignKey('payments.Payment', on_delete=models.PROTECT)\n"),
        ("rupai/accounts/models.py", "p = models.OneToOneField(to='wallets.Account', on_delete=models.PROTECT)\n"),
        ("rupai/ml/models.py", "p = models.ForeignKey('approvals.Approval', on_delete=models.PROTECT)\n"),
        ("compliance/models.py", "p = models.ManyToManyField(Event, through='analytics.Link')\n"),
        ("compliance/services/a.py", "Payment = apps.get_model('payments', 'Payment')\n"),
    ],
)
def test_a_relation_that_points_up_turns_the_gate_red(path: str, text: str) -> None:
    [finding] = floors.upward_relations([PYPROJECT, Source(path, text)])
    assert (finding.rule, finding.path) == ("upward-relation", path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("payments/models/a.py", "p = models.ForeignKey('wallets.Account', on_delete=models.PROTECT)\n"),
        ("payments/models/a.py", "p = models.ForeignKey('payments.Payment', on_delete=models.PROTECT)\n"),
        ("payments/models/a.py", "p = models.ForeignKey('Payment', on_delete=models.PROTECT)\n"),
        ("payments/models/a.py", "p = models.ForeignKey('auth.Group', on_delete=models.PROTECT)\n"),
    ],
)
def test_a_relation_that_points_down_passes(path: str, text: str) -> None:
    assert list(floors.upward_relations([PYPROJECT, Source(path, text)])) == []


TABLE = Source(
    "docs/architecture.md",
    "| failpoint | where |\n|---|---|\n| `a`, `b` each with `.x`, `.y` | t |\n| `c.z` | t |\n\n`d.w`\n",
)


def hit(*names: str) -> list[Source]:
    return [TABLE, Source("payments/a.py", "".join(f"failpoints.hit({name})\n" for name in names))]


@pytest.mark.parametrize("names", [["'a.x'", "'a.x'"], ["'a.z'"], ["'d.w'"], ["name"], ["f'{x}.y'"]])
def test_a_failpoint_that_is_not_unique_or_not_listed_turns_the_gate_red(names: list[str]) -> None:
    [finding] = floors.failpoints(hit(*names))
    assert finding.rule == "failpoint"


def test_listed_failpoints_pass() -> None:
    assert list(floors.failpoints(hit("'a.x'", "'a.y'", "'b.x'", "'c.z'"))) == []


def test_bandit_finds_a_planted_fault(tmp_path: Path) -> None:
    fault = Source("payments/a.py", "import pickle\n\n\ndef f(x):\n    return pickle.loads(x)\n")
    (tmp_path / "payments").mkdir()
    (tmp_path / fault.path).write_text(fault.text)
    assert (fault.path, "bandit B301") in {(found.path, found.rule) for found in tools.bandit([fault], tmp_path)}


def test_a_changed_file_is_looked_at_again(tmp_path: Path) -> None:
    before, after = Source("rupai/a.py", "x = 1\n"), Source("rupai/a.py", "x = 2\n")
    cache = Cache(tmp_path / "cache")
    assert not cache.is_clean(before)
    cache.keep([before])
    assert Cache(tmp_path / "cache").is_clean(before)
    assert not Cache(tmp_path / "cache").is_clean(after)
    assert not Cache(tmp_path / "cache").is_clean(Source("rupai/b.py", before.text))


def test_a_planted_secret_is_found(tmp_path: Path) -> None:
    aws = "AKIA" + "QYLPMN5HHHFPZAM2"
    planted = {"rupai/a.py": f'KEY = "{aws}"\n', "tests/test_a.py": f'KEY = "{aws}"\npassword = "hunter2hunter2"\n'}
    project = []
    for path, text in planted.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
        project.append(Source(path, text))
    found = {(finding.path, finding.rule) for finding in tools.secrets(project, tmp_path)}
    assert found == {("rupai/a.py", "secret AWS Access Key"), ("tests/test_a.py", "secret AWS Access Key")}
    (tmp_path / "rupai/b.py").write_text('password = "kX9vQ2mZr7Lw"\n')
    [finding] = tools.secrets([Source("rupai/b.py", "")], tmp_path)
    assert finding.rule == "secret Secret Keyword"


def test_an_acceptance_needs_a_reason_and_a_finding() -> None:
    entry = 'tool = "bandit"\nfile = "a.py"\ntest = "B608"\n'
    with pytest.raises(ValueError, match="say why"):
        tools.accepted(f'[[accepted]]\n{entry}reason = "ok"\n')
    exceptions = tools.accepted(f'[[accepted]]\n{entry}reason = "a constant query, nothing inserted"\n')
    finding, other = Finding("a.py", 3, "bandit B608", "x"), Finding("b.py", 3, "bandit B608", "x")
    assert list(tools.without_accepted([finding, other], exceptions)) == [other]
    [unused] = tools.without_accepted([], exceptions)
    assert unused.rule == "accepted"
