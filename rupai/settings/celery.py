"""How tasks travel: see rupai.core.queue for how they behave."""

from typing import Any

from kombu import Exchange, Queue

from rupai.core.queue_names import QUEUES
from rupai.settings import env

broker_url = env.text("CELERY_BROKER_URL", env.text("REDIS_URL", "redis://127.0.0.1:6379/0"))


def _speaks_amqp(url: str) -> bool:
    return url.startswith(("amqp", "pyamqp"))


def transport_options(url: str) -> dict[str, Any]:
    """Bound every wait for the broker; a publisher would wait for a dead one as long as the kernel does."""
    # Several brokers are separated by semicolons, and each is tried once.
    retries = {"max_retries": url.count(";")}
    if _speaks_amqp(url):
        return {**retries, "connect_timeout": 1, "read_timeout": 2, "write_timeout": 2, "confirm_publish": True}
    return {
        **retries,
        "socket_connect_timeout": 1,
        "socket_timeout": 2,
        # Longer than the longest task and the longest pause between two tries, or both would be delivered twice.
        "visibility_timeout": 300,
        "queue_order_strategy": "round_robin",
    }


def _queue(name: str) -> Queue:
    if _speaks_amqp(broker_url):
        # Quorum queues survive the loss of a node; delayed retries reach them only through a topic exchange.
        return Queue(
            name, Exchange("rupai", type="topic"), routing_key=name, queue_arguments={"x-queue-type": "quorum"}
        )
    # The nameless exchange needs no bindings, which an emptied Redis would have forgotten.
    return Queue(name, routing_key=name)


broker_connection_retry_on_startup = True
# Beat and workers outlive any outage of the broker.
broker_connection_max_retries = None
broker_connection_timeout = 2
broker_heartbeat = 10
broker_transport_options = transport_options(broker_url)
task_queues = [_queue(name) for name in QUEUES]
task_default_queue = "monitoring"
task_default_queue_type = "quorum" if _speaks_amqp(broker_url) else "classic"
task_create_missing_queues = False
task_serializer = "json"
accept_content = ["json"]
task_ignore_result = True
task_acks_late = True
task_reject_on_worker_lost = True
task_time_limit = 120
task_soft_time_limit = 100
worker_prefetch_multiplier = 4
worker_max_tasks_per_child = 5000
worker_max_memory_per_child = 400_000
worker_cancel_long_running_tasks_on_connection_loss = True
# Nobody steers a worker through the broker: whoever could write there could also shut it down.
worker_enable_remote_control = False
worker_send_task_events = False
beat_scheduler = "django_celery_beat.schedulers:DatabaseScheduler"
beat_max_loop_interval = 1
timezone = "UTC"
enable_utc = True
