"""What a patient types about themselves, for the tests that look for it in every file, log and answer."""

from __future__ import annotations

#: Invented; each is a piece that must be found nowhere.
CANARIES = ("Rosalind", "Quillfinch", "412-55-0198", "0177-canary", "zq.canary@example.org", "555-0188")
MESSAGES = (
    "my name is Rosalind Quillfinch, what is mitraclip",
    "how long?",
    "my ssn is 412-55-0198 and i have chest pain right now",
    "mail me at zq.canary@example.org how long is recovery and what are the risks",
    "call 501-555-0188 for Rosalind Quillfinch " + "please " * 100,
    "/restart my name is Rosalind Quillfinch",
    '/ask_risks{"procedure": "Rosalind Quillfinch"}',
    "MRN 0177-canary when can i drive",
)
