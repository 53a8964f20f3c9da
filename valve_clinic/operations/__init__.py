"""Running the chatbot: checks before the start, logs, metrics, backups, audits."""
