extension PluginTemplate {
    static func pythonFiles(name: String, type: String, source: Source) -> [File] {
        [
            File(path: "build", text: build(source), isExecutable: true),
            File(
                path: "plugin.yaml",
                text: manifest(name, command: ".venv/bin/python, -m, worker")),
            File(path: "worker/__init__.py", text: "\"\"\"The plugin \(name).\"\"\"\n"),
            File(path: "worker/__main__.py", text: program(name, type)),
            File(path: "worker/handler.py", text: handler(name, type)),
            File(path: "tests/__init__.py", text: ""),
            File(path: "tests/test_handler.py", text: tests(type)),
            File(path: "README.md", text: readme(name)),
            File(path: ".gitignore", text: ".venv*/\n__pycache__/\n"),
        ]
    }

    /// What pip is told to install.
    private static func requirement(_ source: Source) -> String {
        switch source {
        case .path(let path): path
        case .url(let url): "barid @ git+\(url)#subdirectory=Sources/Python"
        }
    }

    private static func build(_ source: Source) -> String {
        """
        #!/bin/sh
        # Makes .venv, the interpreter that plugin.yaml names, with the package `barid` in it.
        # Needs Python 3.11 or later with venv, and PyPI for pyzmq and protobuf.
        #   PYTHON=python3.12 ./build           another interpreter
        #   BARID_PYTHON_SDK=PATH ./build       the package `barid` from elsewhere
        set -eu
        cd "$(dirname "$0")"
        fail() {
            echo "build: $1" >&2
            exit 69
        }
        python=${PYTHON:-}
        for candidate in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
            [ -n "$python" ] && break
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python=$candidate
        done
        [ -n "$python" ] || fail "Python 3.11 or later is missing: apt-get install python3 python3-venv"
        "$python" -c 'import venv, ensurepip' 2>/dev/null ||
            fail "$python has no venv (Debian packs it apart): apt-get install python3-venv"
        sdk=\(quoted(requirement(source)))
        sdk=${BARID_PYTHON_SDK:-$sdk}
        copy=$(mktemp -d)
        trap 'status=$?; rm -rf "$copy" .venv.new; exit $status' EXIT
        trap 'exit 130' INT TERM
        case $sdk in
            /*)
                [ -f "$sdk/pyproject.toml" ] || fail "there is no package barid in $sdk"
                # Building leaves files behind, and the folder may not be ours.
                cp -R "$sdk/pyproject.toml" "$sdk/README.md" "$sdk/barid" "$copy"
                sdk=$copy
                ;;
        esac
        # Made beside its place and moved when it is whole: `barid up` starts what it finds.
        "$python" -m venv --clear .venv.new
        .venv.new/bin/python -m pip install --quiet --disable-pip-version-check "$sdk" ||
            fail "pip could not install the package barid and what it needs (pyzmq, protobuf); is PyPI reachable?"
        "$python" - "$PWD/.venv.new" "$PWD/.venv" <<'END'
        import pathlib, sys
        old, new = sys.argv[1:]
        for file in pathlib.Path(old, "bin").iterdir():  # They name the place they are in.
            if not file.is_symlink():
                file.write_bytes(file.read_bytes().replace(old.encode(), new.encode()))
        END
        rm -rf .venv
        mv .venv.new .venv
        echo "Built $PWD/.venv with $("$python" --version)."

        """
    }

    /// A word of a shell script.
    private static func quoted(_ text: String) -> String {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + parts.joined(separator: "'\\''") + "'"
    }

    private static func program(_ name: String, _ type: String) -> String {
        """
        \"""The worker: its manifest, and what it does.\"""

        from pathlib import Path

        from barid import PluginWork, run_plugin

        from worker.handler import \(type)Handler

        if __name__ == "__main__":
            run_plugin(Path(__file__).parent.with_name("plugin.yaml"), PluginWork([\(type)Handler()]))

        """
    }

    private static func handler(_ name: String, _ type: String) -> String {
        """
        \"""What \(name) does with each event.\"""

        from barid import Event, EventHandler, HandlerContext
        from barid.articles import Article, ArticleSummarized, Paragraph


        class \(type)Handler(EventHandler[Article]):
            \"""Takes the first paragraph of an article as its summary.

            It may see an article twice, so the second time has to be harmless.
            \"""

            input = Article

            def handle(self, event: Event[Article], context: HandlerContext) -> list[ArticleSummarized]:
                \"""What is returned is emitted: in one atomic record with the acknowledgement.\"""
                article = event.payload
                words = len(article.text.split())
                if words < context.settings["minimum-words"]:
                    return []
                context.logger.info("counted", words=words)
                body = [piece.text for piece in article.paragraphs if piece.kind == Paragraph.KIND_BODY]
                return [
                    ArticleSummarized(
                        article_id=article.id, revision=article.revision,
                        sentences=body[:1], summarizer="\(name)",
                    )
                ]

        """
    }

    private static func tests(_ type: String) -> String {
        """
        import unittest

        from barid.articles import Article, Paragraph
        from barid.testing import HandlerTester

        from worker.handler import \(type)Handler


        def article(text: str) -> Article:
            article = Article(id="a", text=text)
            article.paragraphs.add(kind=Paragraph.KIND_BODY).text.text = text
            return article


        class \(type)HandlerTests(unittest.TestCase):
            def setUp(self) -> None:
                self.tester = HandlerTester(\(type)Handler(), settings={"minimum-words": 2})

            def test_the_first_paragraph_is_the_summary(self) -> None:
                (summary,) = self.tester.handle(article("خبر قصير")).payloads
                self.assertEqual([sentence.text for sentence in summary.sentences], ["خبر قصير"])

            def test_a_short_article_is_passed_over(self) -> None:
                result = self.tester.handle(article("خبر"))
                self.assertIsNone(result.error)
                self.assertEqual(result.outputs, [])

        """
    }

    private static func readme(_ name: String) -> String {
        """
        # \(name)

        A plugin for Barid. `plugin.yaml` says what it receives and emits, `worker/handler.py` what it does.

        ```sh
        ./build                      # its virtual environment, .venv: once, and after a change of what it needs
        .venv/bin/python -m unittest         # runs the handler without a broker
        barid plugin add .           # `barid up` starts it, and starts it anew after each change
        barid plugin logs \(name)
        .venv/bin/python -m worker process FILE    # an article a line, as JSON; no broker
        ```

        What it emits, a summary, is shown by `barid article ID`. For facts of your own return
        `Output("com.example.article.counted.v1", {"words": words})`, with that type under `emits`.

        """
    }
}
