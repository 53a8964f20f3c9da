"""What a patient reads when the chat ends at the phone: hours, what to have ready, and the reference code."""
