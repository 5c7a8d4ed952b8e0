"""UNDERSTAND: what a customer means by a message, and the details the message names.

Read in this order: `examples` and `rasa_yaml` (what the model is taught), `checks`, `words` and `tags` (text to words to
tags), `training/` (torch), `model_folder` (what is kept), `runtime` (what serves), `component` (the Rasa adapter).
`runtime` and `component` run in the engine's environment: Python 3.10, NumPy 1.23, no torch.
"""
