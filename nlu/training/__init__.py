"""Training: needs torch and transformers, so it runs in the application's environment, never in the engine's.

In reading order: `identity`, `machine`, `encoders`, `network`, `adapters`, `vary`, `batches`, `parts`, `objective`,
`predict`, `learner`, `checkpoint`, `fit`, `calibrate`, `export`, and `run`, which calls them.
"""
