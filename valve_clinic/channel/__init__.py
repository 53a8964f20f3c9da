"""The website's channel: sessions, limits, deadlines, and the widget's files."""
