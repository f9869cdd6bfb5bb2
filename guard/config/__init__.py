"""The room `config`: `guard.yaml` or `[tool.guard]` in, `types.Config` out, or located errors (`load.ConfigError`)."""
