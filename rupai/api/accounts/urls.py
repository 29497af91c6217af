"""Addresses below /api/v1/ of sign-in, people, keys and customers."""

from django.urls import path

from rupai.api.accounts import agents, auth, customers, keys, users

urlpatterns = [
    path("auth/token", auth.Token.as_view(), name="auth_token"),
    path("auth/refresh", auth.Refresh.as_view(), name="auth_refresh"),
    path("auth/logout", auth.Logout.as_view(), name="auth_logout"),
    path("users", users.Users.as_view(), name="users"),
    path("users/<str:user_id>", users.UserDetail.as_view(), name="user"),
    path("api-keys", keys.ApiKeys.as_view(), name="api_keys"),
    path("api-keys/<str:key_id>", keys.ApiKeyDetail.as_view(), name="api_key"),
    path("api-keys/<str:key_id>/rotate", keys.ApiKeyRotation.as_view(), name="api_key_rotation"),
    path("agents", agents.Agents.as_view(), name="agents"),
    path("agents/<str:agent_id>", agents.AgentDetail.as_view(), name="agent"),
    path("agents/<str:agent_id>/kill", agents.AgentKill.as_view(), name="agent_kill"),
    path("agents/<str:agent_id>/revive", agents.AgentRevival.as_view(), name="agent_revival"),
    path("agents/<str:agent_id>/keys", agents.AgentKeys.as_view(), name="agent_keys"),
    path("agents/<str:agent_id>/keys/<str:agent_key_id>", agents.AgentKeyDetail.as_view(), name="agent_key"),
    path(
        "agents/<str:agent_id>/keys/<str:agent_key_id>/rotate",
        agents.AgentKeyRotation.as_view(),
        name="agent_key_rotation",
    ),
    path("customers", customers.Customers.as_view(), name="customers"),
    path("customers/<str:customer_id>", customers.CustomerDetail.as_view(), name="customer"),
]
