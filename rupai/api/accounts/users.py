"""The members of the caller's merchant."""

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.accounts import selectors
from rupai.accounts.models import Membership
from rupai.accounts.services import people
from rupai.api.accounts.serializers import NewUser, UserChange, UserView
from rupai.api.filters import CreatedFilter
from rupai.api.views import Door


class Users(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "users:read", "POST": "users:write"}
    lists = True
    queryset = Membership.objects.none()
    filterset_class = CreatedFilter
    serializer_class = UserView

    @extend_schema(operation_id="list_users", responses=UserView(many=True))
    def get(self, request: Request) -> Response:
        """List the members of the merchant, newest first."""
        return self.page(selectors.members(self.actor), UserView)

    @extend_schema(operation_id="invite_user", request=NewUser, responses={201: UserView})
    def post(self, request: Request) -> HttpResponse:
        """Make a person a member. They set their password themselves; this answer carries no secret."""
        form = NewUser(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            member = people.invite_member(actor=self.actor, **form.validated_data)
            return Response(UserView(member).data, status=201)

        return self.once_in_transaction("users.create", work)


class UserDetail(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "users:read", "PATCH": "users:write", "DELETE": "users:write"}

    @extend_schema(operation_id="get_user", responses=UserView)
    def get(self, request: Request, user_id: str) -> Response:
        """Read a member."""
        return Response(UserView(selectors.member(actor=self.actor, user_id=user_id)).data)

    @extend_schema(operation_id="change_user", request=UserChange, responses=UserView)
    def patch(self, request: Request, user_id: str) -> HttpResponse:
        """Change a member's role, or switch them off or on.

        Off ends the person's tokens here and the API keys that they made, at once and for good.
        """
        form = UserChange(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data

        def work() -> Response:
            return Response(UserView(people.change_member(actor=self.actor, user_id=user_id, **given)).data)

        return self.once_in_transaction("users.change", work)

    @extend_schema(operation_id="remove_user", request=None, responses={204: None})
    def delete(self, request: Request, user_id: str) -> Response:
        """Remove a member. Their tokens here and the API keys that they made end at once."""
        people.remove_member(actor=self.actor, user_id=user_id)
        return Response(status=204)
