"""Published tables re-estimated: one YAML file a table, every printed number beside ours."""
