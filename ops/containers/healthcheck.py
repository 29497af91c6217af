"""Health of a container's own part: ``http PORT`` asks a web server, ``queue NAME...`` whether tasks are taken.

Apart from Django, so that asking every few seconds costs little.
"""

import os
import sys
import urllib.request

SECONDS = 3
# Beat sends a heartbeat to each queue every 5 s.
OLDEST = "30 seconds"


def http_answers(port: str) -> bool:
    """Ask ``/health`` of the web server in this container."""
    with urllib.request.urlopen(f"http://127.0.0.1:{int(port)}/health", timeout=SECONDS) as answer:
        return bool(answer.status == 200)


def workers_live(queues: list[str]) -> bool:
    """Look for a fresh heartbeat of each queue."""
    import psycopg

    options = f"-c statement_timeout={SECONDS}s"
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=SECONDS, options=options) as connection:
        found = connection.execute(
            "SELECT count(*) FROM monitoring_heartbeat WHERE queue = ANY(%s) AND at > now() - %s::interval",
            [queues, OLDEST],
        ).fetchone()
    return found is not None and found[0] == len(queues)


def main(arguments: list[str]) -> int:
    kind, *names = arguments
    try:
        healthy = http_answers(names[0]) if kind == "http" else workers_live(names)
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}\n")
        return 1
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
