"""What was measured, for people and programs: one HTML page, JSON, and the comparison of two models. Needs jinja2 and SciPy."""
