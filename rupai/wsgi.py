"""WSGI entry point: plain REST behind a buffering proxy."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rupai.settings.prod")

application = get_wsgi_application()
