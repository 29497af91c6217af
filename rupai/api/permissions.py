"""Deny unless a scope allows."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from rupai.core.actor import Actor


class ScopePermission(BasePermission):
    """Each view names the scope of each of its methods in ``scopes``; a method without one is denied."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor = request.auth
        if not isinstance(actor, Actor):
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method.lower() not in view.http_method_names or not hasattr(view, method.lower()):
            # Django REST framework answers 405 by itself.
            return True
        scope = getattr(view, "scopes", {}).get(method)
        if scope is None:
            return False
        actor.require(scope)
        return True
