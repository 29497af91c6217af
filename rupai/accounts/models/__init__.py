from rupai.accounts.models.agents import Agent, AgentKey
from rupai.accounts.models.customers import Customer, email_indexes
from rupai.accounts.models.keys import ApiKey, ApiKeyUse, Credential
from rupai.accounts.models.people import Authenticator, Membership, Merchant, Role, User, UserManager
from rupai.accounts.models.sign_in import SignInFamily, SignInGuard

__all__ = [
    "Agent",
    "AgentKey",
    "ApiKey",
    "ApiKeyUse",
    "Authenticator",
    "Credential",
    "Customer",
    "Membership",
    "Merchant",
    "Role",
    "SignInFamily",
    "SignInGuard",
    "User",
    "UserManager",
    "email_indexes",
]
