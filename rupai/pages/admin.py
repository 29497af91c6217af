"""The admin of core and accounts; the base classes are here for the apps above."""

from rupai.pages import api_keys, log, people, sign_ins
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin, TranslatingAdmin

__all__ = ["ReadOnlyAdmin", "TenantAdmin", "TranslatingAdmin", "api_keys", "log", "people", "sign_ins"]
