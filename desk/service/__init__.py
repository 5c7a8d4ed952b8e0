"""The verbs: each writes in one transaction and announces after the commit; `access_` functions read."""
