"""Names of the queues; apart from ``queue`` so that settings can read them without starting Celery."""

QUEUES = ("payments", "analytics", "compliance", "notifications", "monitoring")
