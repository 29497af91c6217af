"""The rail's entries for the screens of core and accounts."""

from rupai.pages.registry import MenuItem, menu

menu(MenuItem(title="Overview", icon="layout-dashboard", url_name="index", order=0, letter="o"))
menu(
    MenuItem(
        title="API keys",
        icon="key-round",
        url_name="accounts_apikey_changelist",
        group="Configure",
        order=10,
        scope="api_keys:read",
        letter="a",
    )
)
menu(
    MenuItem(
        title="People",
        icon="user-round",
        url_name="accounts_user_changelist",
        group="Configure",
        order=42,
        scope="*",
        letter="u",
    )
)
menu(
    MenuItem(
        title="Merchants",
        icon="store",
        url_name="accounts_merchant_changelist",
        group="Configure",
        order=40,
        scope="users:write",
    )
)
menu(
    MenuItem(
        title="Handlers",
        icon="workflow",
        url_name="core_handlerrun_changelist",
        group="Operate",
        order=88,
        scope="*",
    )
)
menu(
    MenuItem(
        title="Schedules",
        icon="calendar-clock",
        url_name="django_celery_beat_periodictask_changelist",
        group="Configure",
        order=90,
        scope="*",
    )
)
