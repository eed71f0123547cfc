"""The queries of a Grafana dashboard as recording rules, so that promtool can parse them."""

import json
import sys

# What Grafana puts in place of its variables.
VARIABLES = {
    "$__rate_interval": "5m",
    "$instance": ".*",
    "$job": "coffer",
}


def queries(panels):
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", []))
        yield from queries(panel.get("panels", []))


with open(sys.argv[1], encoding="utf-8") as file:
    dashboard = json.load(file)
rules = []
for number, query in enumerate(queries(dashboard["panels"])):
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    rules.append({"record": f"query:{number}", "expr": query})
# JSON is YAML.
json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, sys.stdout)
