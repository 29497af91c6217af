# One image for every part of the platform; docker-compose.yml says which part a container is.
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
COPY requirements/ /requirements/
RUN /opt/venv/bin/pip install -r /requirements/prod.txt
COPY . /app
WORKDIR /app
# The development settings need no secrets and no services; only files are collected.
RUN DJANGO_SETTINGS_MODULE=rupai.settings.dev /opt/venv/bin/python manage.py collectstatic --noinput \
    && /opt/venv/bin/python -m compileall -q /app /opt/venv/lib

FROM python:3.11.14-slim-bookworm
RUN groupadd --gid 10001 rupai && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin rupai
# Owned by root: a broken-into process cannot change its own code.
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=rupai.settings.prod
WORKDIR /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "ops/containers/healthcheck.py", "http", "8000"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--http", "1", "--no-ws", "rupai.wsgi:application"]
