"""Plugins and clients for Barid, the durable event bus for news.

A plugin is a handler and a manifest::

    from pathlib import Path
    from barid import Event, EventHandler, HandlerContext, Output, PluginWork, run_plugin
    from barid.articles import Article

    class WordCount(EventHandler[Article]):
        input = Article

        def handle(self, event: Event[Article], context: HandlerContext) -> list[Output]:
            words = len(event.payload.text.split())
            return [Output("com.example.article.counted.v1", {"words": words})]

    if __name__ == "__main__":
        run_plugin(Path(__file__).with_name("plugin.yaml"), PluginWork([WordCount()]))

The contract it keeps is Protocols/4-plugin.md; the names are those of the Swift library.
"""

from barid import articles
from barid.client import Call, Client
from barid.command import PluginSetup, PluginWork, run_plugin
from barid.errors import Fate, RejectEvent, RPCError, StatusCode
from barid.events import Envelope, Event, Output, derived_id, make_event, register_event_type
from barid.handlers import EventHandler, HandlerContext, ProcessInput
from barid.manifest import Manifest, ManifestError
from barid.publisher import Publisher, Receipt, Submission
from barid.services import CallContext, Service
from barid.settings import Settings
from barid.worker import Worker, WorkerConfiguration

__all__ = [
    "Call",
    "CallContext",
    "Client",
    "Envelope",
    "Event",
    "EventHandler",
    "Fate",
    "HandlerContext",
    "Manifest",
    "ManifestError",
    "Output",
    "PluginSetup",
    "PluginWork",
    "ProcessInput",
    "Publisher",
    "RPCError",
    "Receipt",
    "RejectEvent",
    "Service",
    "Settings",
    "StatusCode",
    "Submission",
    "Worker",
    "WorkerConfiguration",
    "articles",
    "derived_id",
    "make_event",
    "register_event_type",
    "run_plugin",
]
