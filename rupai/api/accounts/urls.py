"""Addresses below /api/v1/ of sign-in, people, keys and customers."""

from django.urls import path

from rupai.api.accounts import auth, customers, keys, users

urlpatterns = [
    path("auth/token", auth.Token.as_view(), name="auth_token"),
    path("auth/refresh", auth.Refresh.as_view(), name="auth_refresh"),
    path("auth/logout", auth.Logout.as_view(), name="auth_logout"),
    path("users", users.Users.as_view(), name="users"),
    path("users/<str:user_id>", users.UserDetail.as_view(), name="user"),
    path("api-keys", keys.ApiKeys.as_view(), name="api_keys"),
    path("api-keys/<str:key_id>", keys.ApiKeyDetail.as_view(), name="api_key"),
    path("api-keys/<str:key_id>/rotate", keys.ApiKeyRotation.as_view(), name="api_key_rotation"),
    path("customers", customers.Customers.as_view(), name="customers"),
    path("customers/<str:customer_id>", customers.CustomerDetail.as_view(), name="customer"),
]
