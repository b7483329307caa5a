"""`barid-summarizer`: article.parsed in, article.summarized out."""

from pathlib import Path

from barid import PluginWork, run_plugin

from summarizer.handler import SummaryHandler

if __name__ == "__main__":
    run_plugin(Path(__file__).parent.with_name("plugin.yaml"), PluginWork([SummaryHandler()]))
