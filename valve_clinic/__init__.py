"""The Valve Clinic chatbot: everything that Rasa plugs in, one room per job."""

__version__ = "0.1.0"
