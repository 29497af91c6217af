"""The admin of core and accounts; the base classes are here for the apps above."""

from rupai.pages import (
    agents,
    api_keys,
    log,
    menu,
    merchant_settings,
    people,
    permissions,
    preferences,
    search,
    settings_page,
    sign_ins,
    timetable,
)
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin, TranslatingAdmin
from rupai.pages.saved_views import views

__all__ = [
    "ReadOnlyAdmin",
    "TenantAdmin",
    "TranslatingAdmin",
    "agents",
    "api_keys",
    "log",
    "menu",
    "merchant_settings",
    "people",
    "permissions",
    "preferences",
    "search",
    "settings_page",
    "sign_ins",
    "timetable",
    "views",
]
