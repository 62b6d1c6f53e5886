#!/usr/bin/env python3
"""Checks docs/grafana-dashboard.json: Grafana's own library (grafana-foundation-sdk) loads it and writes it again, and a Prometheus that scrapes an endpoint
answers each of its queries.

    test/grafana/check.py [http://127.0.0.1:9090]     without a URL: as far as the library goes

A query without data is told of; with STRICT=1 it is a failure. The last line is `N passed, N failed`.
"""
import json
import os
import pathlib
import sys
import urllib.parse
import urllib.request

PATH = pathlib.Path(__file__).resolve().parents[2] / "docs" / "grafana-dashboard.json"
passed = failed = 0


def result(good, what):
    global passed, failed
    passed, failed = passed + good, failed + (not good)
    print(("ok: " if good else "not ok: ") + what)


def load(dashboard):
    from grafana_foundation_sdk.cog.encoder import JSONEncoder     # pylint: disable=import-outside-toplevel
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard
    register_default_plugins()
    loaded = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard)))
    result(loaded["title"] == dashboard["title"], "the library loads the dashboard")
    result([p.get("title") for p in loaded["panels"]] == [p["title"] for p in dashboard["panels"]], "with all of its panels")
    result([[t["expr"] for t in p.get("targets", [])] for p in loaded["panels"]] == [[t["expr"] for t in p.get("targets", [])] for p in dashboard["panels"]],
           "and their queries")


def query(url, expression):
    for name, value in (("$__rate_interval", "1m"), ("$instance", ".*"), ("$table", ".*")):
        expression = expression.replace(name, value)
    with urllib.request.urlopen(f"{url}/api/v1/query?" + urllib.parse.urlencode({"query": expression})) as answer:
        return json.load(answer)


def main():
    dashboard = json.loads(PATH.read_text(encoding="utf-8"))
    ids = [p["id"] for p in dashboard["panels"]]
    result(len(ids) == len(set(ids)), "panels have ids of their own")
    load(dashboard)
    for panel in dashboard["panels"] if len(sys.argv) > 1 else []:
        for target in panel.get("targets", []):
            try:
                answer = query(sys.argv[1], target["expr"])
                rows = len(answer["data"]["result"])
                result(answer["status"] == "success" and (rows > 0 or not os.environ.get("STRICT")), f"{panel['title']}: {target['legendFormat']}: {rows} series")
            except OSError as error:
                result(False, f"{panel['title']}: {target['expr']}: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
