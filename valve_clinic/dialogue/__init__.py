"""What the conversation remembers, and how a reply is put together."""
