"""Custom actions: thin; they ask the content store and speak."""
