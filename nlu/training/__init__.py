"""Training: needs torch and transformers, so it runs in the application's environment, never in the engine's.

In reading order: `identity`, `encoders`, `network`, `vary`, `batches`, `parts`, `objective`, `fit`, `calibrate`,
`export`, and `run`, which calls them.
"""
