"""WSGI entry point: plain REST behind a buffering proxy."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rupai.settings.prod")

django_application = get_wsgi_application()

from rupai.core.static import with_static_files_wsgi  # noqa: E402

application = with_static_files_wsgi(django_application)
