"""What the REST of people, keys and customers takes and gives."""

from typing import Any

from rest_framework import serializers

from rupai.accounts.models import Agent, Customer, Membership
from rupai.accounts.scopes import AGENT_CHOICES, KEY_CHOICES
from rupai.accounts.services.agent_keys import NewAgentKey
from rupai.accounts.services.agents import MOST_TOOLSETS
from rupai.accounts.services.credentials import LONGEST_OVERLAP
from rupai.accounts.services.keys import NewKey
from rupai.accounts.services.tokens import TokenPair
from rupai.api.fields import Metadata, PublicId, StrictBoolean, StrictInteger, StrictSerializer, StrictText

_DAY = 86_400
_LONGEST_OVERLAP = int(LONGEST_OVERLAP.total_seconds())


class Email(StrictText, serializers.EmailField):
    """A JSON string with an e-mail address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, **options)


class Phone(serializers.RegexField):
    """Digits with an optional + in front; spaces and hyphens may part them."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "Digits, best with the country's code: +91 98765 43210")
        super().__init__(regex=r"^\+?[0-9][0-9 -]{4,22}$", **options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise serializers.ValidationError("Send a string.", "not_a_string")
        return super().to_internal_value(data)


class SignIn(StrictSerializer):
    email = StrictText(max_length=254)
    password = StrictText(max_length=1024, trim_whitespace=False)
    merchant = PublicId("mer", required=False, help_text="Needed only by members of several merchants")
    mode = serializers.ChoiceField(["test", "live"], default="test", help_text="The mode in which the token works")
    otp = StrictText(
        max_length=40,
        required=False,
        default="",
        allow_blank=True,
        help_text="Code of the authenticator app, if set up",
    )


class RefreshTokenGiven(StrictSerializer):
    refresh = StrictText(max_length=4096)


class TokensView(serializers.Serializer[TokenPair]):
    access = serializers.CharField(help_text="Send it as Authorization: Bearer ...")
    refresh = serializers.CharField(help_text="Works once; its use answers the next one")
    token_type = serializers.CharField(default="Bearer", read_only=True)
    expires_in = serializers.IntegerField(help_text="Seconds until the access token ends")
    user_id = serializers.CharField(source="membership.user.public_id")
    merchant_id = serializers.CharField(source="membership.merchant.public_id")
    role = serializers.CharField(source="membership.role.name")
    livemode = serializers.BooleanField()


class NewUser(StrictSerializer):
    email = Email()
    name = StrictText(max_length=120, required=False, allow_blank=True)
    role = StrictText(max_length=40, help_text="owner, admin, finance, support, developer, viewer, or one of your own")


class UserChange(StrictSerializer):
    role = StrictText(max_length=40, required=False)
    is_active = StrictBoolean(required=False)


class UserView(serializers.Serializer[Membership]):
    id = serializers.CharField(source="user.public_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    role = serializers.CharField(source="role.name")
    is_active = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(help_text="When the person became a member")

    def get_is_active(self, member: Membership) -> bool:
        return member.is_active and member.user.is_active


class NewApiKey(StrictSerializer):
    name = StrictText(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(KEY_CHOICES), allow_empty=False, max_length=len(KEY_CHOICES)
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class Rotation(StrictSerializer):
    overlap_seconds = StrictInteger(
        min_value=0, max_value=_LONGEST_OVERLAP, default=_DAY, help_text="How long the old key goes on working"
    )


class ApiKeyView(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    livemode = serializers.BooleanField()
    last4 = serializers.CharField()
    status = serializers.ChoiceField(["active", "expired", "revoked"])
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class NewApiKeyView(ApiKeyView):
    secret = serializers.CharField(help_text="Shown only in this answer; send it as Authorization: Bearer ...")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        made: NewKey = instance
        return {**ApiKeyView(made.key).data, "secret": made.secret}


class NewCustomer(StrictSerializer):
    name = StrictText(max_length=120, required=False, allow_blank=True)
    email = Email(required=False, allow_blank=True)
    phone = Phone(required=False, allow_blank=True)
    metadata = Metadata(required=False)


class CustomerChange(NewCustomer):
    """What is absent stays; an empty text deletes; metadata is replaced as a whole."""


class CustomerView(serializers.Serializer[Customer]):
    id = serializers.CharField(source="public_id")
    customer_id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    metadata = serializers.DictField(child=serializers.CharField())
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, instance: Customer) -> dict[str, Any]:
        # Opened once a row: each of the three properties would open the seal again.
        person = instance.person()
        return {
            "id": instance.public_id,
            "customer_id": instance.public_id,
            **{field: person.get(field, "") for field in ("name", "email", "phone")},
            "metadata": instance.metadata,
            "livemode": instance.livemode,
            "created_at": self.fields["created_at"].to_representation(instance.created_at),
            "updated_at": self.fields["updated_at"].to_representation(instance.updated_at),
        }


class NoFields(StrictSerializer):
    """An empty object."""


class AgentChange(StrictSerializer):
    """What is absent stays. ``toolsets`` and ``read_only`` narrow what the agent is offered; its scopes decide."""

    name = StrictText(max_length=80, required=False)
    purpose = StrictText(max_length=255, required=False, allow_blank=True)
    owner_id = PublicId("usr", required=False, help_text="The member who answers for it; yourself, when omitted")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(AGENT_CHOICES),
        required=False,
        allow_empty=False,
        max_length=len(AGENT_CHOICES),
    )
    toolsets = serializers.ListField(
        child=serializers.RegexField(r"^[a-z_]{1,40}$"),
        required=False,
        max_length=MOST_TOOLSETS,
        help_text="Empty offers the usual ones",
    )
    read_only = StrictBoolean(required=False)  # type: ignore[assignment]  # a field of that name, no option
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class NewAgent(AgentChange):
    """A program that will act for the merchant."""

    name = StrictText(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(AGENT_CHOICES), allow_empty=False, max_length=len(AGENT_CHOICES)
    )


class AgentView(serializers.Serializer[Agent]):
    id = serializers.CharField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    owner_id = serializers.CharField(help_text="The member who answers for it")
    scopes = serializers.ListField(child=serializers.CharField())
    toolsets = serializers.ListField(child=serializers.CharField())
    read_only = serializers.BooleanField()  # type: ignore[assignment]  # a field of that name, no option
    status = serializers.ChoiceField(["active", "expired", "killed"])
    livemode = serializers.BooleanField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    killed_at = serializers.DateTimeField(allow_null=True)
    killed_by = serializers.CharField(help_text="Empty unless killed")

    def to_representation(self, instance: Agent) -> dict[str, Any]:
        return instance.public()


class NewAgentKeyGiven(StrictSerializer):
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class AgentKeyView(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    agent_id = serializers.CharField(source="agent.public_id")
    livemode = serializers.BooleanField()
    last4 = serializers.CharField()
    status = serializers.ChoiceField(["active", "expired", "revoked"])
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class NewAgentKeyView(AgentKeyView):
    secret = serializers.CharField(help_text="Shown only in this answer; the agent sends it as Authorization: Bearer")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        made: NewAgentKey = instance
        return {**AgentKeyView(made.key).data, "secret": made.secret}
