"""Signing in and out over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.accounts import selectors
from rupai.accounts.authentication import REALM, refuse_flood
from rupai.accounts.models import Membership, User
from rupai.accounts.services import sign_in, tokens
from rupai.api.accounts.serializers import RefreshTokenGiven, SignIn, TokensView
from rupai.api.views import Door
from rupai.core.addresses import client_address
from rupai.core.errors import InvalidInput, NotFound


class MerchantRequired(InvalidInput):
    code = "merchant_required"
    hint = "Send one of these ids as merchant."


class OpenDoor(Door):
    """A door for callers who are nobody yet; a bearer value is not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if answer.status_code == 401:
            answer.headers["WWW-Authenticate"] = REALM
        answer.headers["Cache-Control"] = "no-store"
        return answer


class Token(OpenDoor):
    @extend_schema(operation_id="sign_in", request=SignIn, responses={200: TokensView}, auth=[])
    def post(self, request: Request) -> Response:
        """Exchange e-mail, password and (once set up) a code for tokens of one merchant and mode.

        Whatever is wrong, the answer is the same 401. After 10 wrong tries the name is refused for 30 minutes.
        """
        form = SignIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        user = sign_in.check_credentials(
            email=given["email"],
            password=given["password"],
            code=given["otp"],
            address=client_address(request._request),
            request=request._request,
        )
        membership = _choose(user, given.get("merchant"))
        pair = tokens.issue(user=user, membership=membership, livemode=given["mode"] == "live")
        return Response(TokensView(pair).data)


class Refresh(OpenDoor):
    @extend_schema(operation_id="refresh_tokens", request=RefreshTokenGiven, responses={200: TokensView}, auth=[])
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for a new pair. Using one twice ends all tokens of that sign-in."""
        token = _token(request)
        try:
            pair = tokens.refresh(token=token)
        except tokens.InvalidToken:
            refuse_flood(client_address(request._request))
            raise
        return Response(TokensView(pair).data)


class Logout(OpenDoor):
    @extend_schema(operation_id="sign_out", request=RefreshTokenGiven, responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        """End all tokens of this sign-in, access tokens included."""
        token = _token(request)
        try:
            tokens.end(token=token)
        except tokens.InvalidToken:
            refuse_flood(client_address(request._request))
            raise
        return Response(status=204)


def _token(request: Request) -> str:
    form = RefreshTokenGiven(data=request.data)
    form.is_valid(raise_exception=True)
    return str(form.validated_data["refresh"])


def _choose(user: User, merchant: str | None) -> Membership:
    places = selectors.places(user)
    if not places:
        raise sign_in.InvalidCredentials
    if merchant is None:
        if len(places) > 1:
            known = [place.merchant.public_id for place in places]
            raise MerchantRequired("You are a member of several merchants", merchants=known)
        return places[0]
    chosen = next((place for place in places if place.merchant.public_id == merchant), None)
    if chosen is None:
        raise NotFound(f"No merchant {merchant!r}", hint="Choose a merchant whose member you are.")
    return chosen
