"""Messages from NATS JetStream: one stream of all halls, one durable pull consumer shared by all workers.

nats-py is asyncio, so it has a thread of its own. `next` hands out one batch after the other, `done` lets the
cluster forget it after the commit, `again` has it delivered once more. Whatever is never answered comes again
after `ACK_WAIT_S`, to whichever worker asks.
"""

import asyncio
import contextlib
import logging
import threading
from queue import Empty, Queue

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api

from edge.consume.settings import Settings
from edge.contract import TOPIC_ROOT
from edge.uplink.paho import password, tls_context

LOG = logging.getLogger(__name__)

STREAM = "zwdt"
SUBJECTS = [f"zwdt.v1.*.*.{what}" for what in ("evt.>", "evt-batch", "state")]
KEPT_S = 3 * 86_400.0
"""How long the stream keeps a message. The halls keep it until the receipt, so this is only a buffer."""
ACK_WAIT_S = 30.0
ACK_PENDING_MAX = 10_000
FETCH_MAX = 32
"""Messages in one batch, of up to 200 events each: few, so that workers seldom want the same hall."""
AHEAD = 2
"""Batches fetched before the one in work is done."""
FETCH_WAIT_S = 1.0
IDLE_S = 10.0
"""After so long without a message, look whether stream and consumer are still there."""
AGAIN_S = 1.0
STOP_S = 5.0


class Pull:
    """The connection of one worker to the cluster, for ever reconnecting."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._inbox: Queue[list[Msg]] = Queue()
        self._room = asyncio.Semaphore(AHEAD)
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="jetstream", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begin to fetch."""
        self._thread.start()

    def alive(self) -> bool:
        """Whether its thread still works."""
        return self._thread.is_alive()

    def next(self, wait_s: float) -> list[Msg]:
        """The next batch, empty when none comes in time."""
        try:
            return self._inbox.get(timeout=wait_s)
        except Empty:
            return []

    def done(self, batch: list[Msg]) -> None:
        """The batch is committed."""
        self._answer(batch, None)

    def again(self, batch: list[Msg], after_s: float) -> None:
        """The batch could not be committed; have it delivered once more."""
        self._answer(batch, after_s)

    def close(self) -> None:
        """End the thread; what was not answered comes again elsewhere."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())
        self._thread.join(STOP_S)

    def _answer(self, batch: list[Msg], after_s: float | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone: the cluster sends again
            self._loop.call_soon_threadsafe(self._begin_answer, batch, after_s)

    def _begin_answer(self, batch: list[Msg], after_s: float | None) -> None:
        task = self._loop.create_task(self._answers(batch, after_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._room.release()

    async def _answers(self, batch: list[Msg], after_s: float | None) -> None:
        try:
            for message in batch:
                await (message.ack() if after_s is None else message.nak(after_s))
        except (nats.errors.Error, OSError) as error:
            LOG.info("acknowledging: %s", error)

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            self._task = self._loop.create_task(self._work())
            self._loop.run_until_complete(self._task)
        self._loop.close()

    async def _work(self) -> None:
        while True:
            try:
                await self._live(await _connected(self._settings))
            except (nats.errors.Error, OSError) as error:
                LOG.warning("NATS: %s", str(error) or type(error).__name__)
                await asyncio.sleep(AGAIN_S)

    async def _live(self, client: Client) -> None:
        """One client, which reconnects by itself until it is closed."""
        try:
            while not client.is_closed:
                try:
                    await self._fetch(client.jetstream())
                except (nats.errors.Error, OSError) as error:
                    LOG.warning("JetStream: %s", str(error) or type(error).__name__)
                    await asyncio.sleep(AGAIN_S)
        finally:
            await asyncio.wait([*self._tasks, asyncio.ensure_future(asyncio.sleep(0))], timeout=STOP_S)
            with contextlib.suppress(nats.errors.Error, OSError, asyncio.CancelledError):
                await asyncio.wait_for(client.close(), STOP_S)

    async def _fetch(self, stream: JetStreamContext) -> None:
        """Fetch until nothing comes for a while: then look again whether stream and consumer are there."""
        await _make(stream, self._settings)
        subscription = await stream.pull_subscribe_bind(self._settings.app, STREAM)
        try:
            while await self._fetch_one(subscription):
                pass
        finally:
            with contextlib.suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()

    async def _fetch_one(self, subscription: JetStreamContext.PullSubscription) -> bool:
        await self._room.acquire()
        batch: list[Msg] = []
        try:
            batch = await _batch(subscription)
        finally:
            if batch:
                self._inbox.put(batch)
            else:
                self._room.release()
        return bool(batch)


async def _batch(subscription: JetStreamContext.PullSubscription) -> list[Msg]:
    """The next messages; none after IDLE_S."""
    for _ in range(round(IDLE_S / FETCH_WAIT_S)):
        with contextlib.suppress(nats.errors.TimeoutError):
            return await subscription.fetch(FETCH_MAX, timeout=FETCH_WAIT_S)
    return []


async def _connected(settings: Settings) -> Client:
    secure = tls_context(settings.ca_file, settings.cert_file, settings.key_file) if settings.secure else None

    async def say(error: Exception) -> None:
        LOG.info("NATS: %s", str(error) or type(error).__name__)

    return await nats.connect(
        list(settings.servers),
        error_cb=say,
        name=settings.client_id,
        tls=secure,
        user=settings.user,
        password=password(settings.password_file),
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        ping_interval=10,
        connect_timeout=5,
    )


async def _make(stream: JetStreamContext, settings: Settings) -> None:
    """Make the stream and the durable consumer where they are not; leave them as they are where they are."""
    try:
        await stream.stream_info(STREAM)
    except nats.js.errors.NotFoundError:
        await stream.add_stream(
            api.StreamConfig(STREAM, subjects=SUBJECTS, num_replicas=settings.replicas, max_age=KEPT_S)
        )
    try:
        await stream.consumer_info(STREAM, settings.app)
    except nats.js.errors.NotFoundError:
        await stream.add_consumer(
            STREAM,
            api.ConsumerConfig(
                durable_name=settings.app,
                ack_wait=ACK_WAIT_S,
                max_ack_pending=ACK_PENDING_MAX,
                max_deliver=-1,
            ),
        )


def topic_of(message: Msg) -> str:
    """The MQTT topic of a message: NATS keeps it as a subject. Other subjects are no topics of a hall."""
    return message.subject.replace(".", "/") if message.subject.startswith(f"{_ROOT}.") else message.subject


_ROOT = TOPIC_ROOT.replace("/", ".")
