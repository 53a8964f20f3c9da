"""The accessibility tree, as text: what a screen reader finds when it walks through the chat."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Visitor

CONVERSATION = """
- dialog "Valve Clinic chat":
  - heading "Valve Clinic chat" [level=2]
  - button "Menu"
  - button "Close"
  - log "Conversation":
    - text: "Clinic chat:"
    - paragraph: Hello! I can answer general questions about a leaking mitral valve.
    - text: "Clinic chat:"
    - paragraph: This is a computer, not a nurse. Please do not type your name.
    - paragraph: In an emergency, call 911.
    - text: "You: table Clinic chat:"
    - paragraph: Both treat the leak.
    - paragraph: "Ask your team before you:"
    - list:
      - listitem: drive
      - listitem: lift heavy things
    - group "Two ways":
      - table "Two ways":
        - caption: Two ways
        - rowgroup:
          - row "MitraClip Surgery":
            - cell
            - columnheader "MitraClip"
            - columnheader "Surgery"
        - rowgroup:
          - row "Chest opened No Usually":
            - rowheader "Chest opened"
            - cell "No"
            - cell "Usually"
          - row "Hospital stay 2 to 3 days 5 to 7 days":
            - rowheader "Hospital stay"
            - cell "2 to 3 days"
            - cell "5 to 7 days"
    - paragraph:
      - text: "Source:"
      - link "American Heart Association (opens in a new tab)":
        - /url: https://www.heart.org/en/x
      - text: ", May 14, 2024"
    - group "Was this helpful?":
      - button "Yes, this was helpful": "Yes"
      - button "No, this was not helpful": "No"
    - text: "You: unsure Clinic chat:"
    - paragraph: Did you mean one of these?
    - group "Choose an answer or a topic":
      - button "How long is recovery?"
      - button "What are the risks?"
      - button "Neither"
  - status
  - text: Type your question
  - textbox "Type your question"
  - button "Send"
"""

EMERGENCY = """
- dialog "Valve Clinic chat":
  - heading "Valve Clinic chat" [level=2]
  - button "Menu"
  - button "Close"
  - link "Emergency? Call 911 now":
    - /url: tel:911
  - log "Conversation":
    - text: "Clinic chat:"
    - paragraph: Hello! I can answer general questions about a leaking mitral valve.
    - text: "Clinic chat:"
    - paragraph: This is a computer, not a nurse. Please do not type your name.
    - paragraph: In an emergency, call 911.
    - text: "You: chest pain"
    - alert:
      - text: "Clinic chat:"
      - paragraph: Emergency
      - paragraph: Call 911 now. Do not drive yourself.
      - paragraph: Do not wait for an answer here.
      - link "Call 911":
        - /url: tel:911
  - status
  - text: Type your question
  - textbox "Type your question"
  - button "Send"
"""

MENU = """
- dialog "Valve Clinic chat":
  - heading "Valve Clinic chat" [level=2]
  - button "Menu" [expanded]
  - button "Close"
  - 'link "Call the Valve Clinic: 501.552.3400"':
    - /url: tel:+15015523400
  - button "Copy conversation"
  - button "Print conversation"
  - button "Delete this conversation"
"""

FAILURE = """
- alert:
  - paragraph: The chat cannot answer now. Call 501.552.3400. In an emergency, call 911.
  - 'link "Call the Valve Clinic: 501.552.3400"':
    - /url: tel:+15015523400
  - button "Try again"
"""


def test_a_conversation(chat: Visitor) -> None:
    chat.say("table").say("unsure", "clarify")
    assert chat.dialog.aria_snapshot() == CONVERSATION.strip()


def test_an_emergency(chat: Visitor) -> None:
    chat.say("chest pain", "emergency")
    assert chat.dialog.aria_snapshot() == EMERGENCY.strip()


def test_the_menu(chat: Visitor) -> None:
    chat.page.get_by_role("button", name="Menu").click()
    assert chat.dialog.aria_snapshot().startswith(MENU.strip())
    chat.page.get_by_role("button", name="Delete this conversation").click()
    expect(chat.page.get_by_role("group", name="Delete this conversation? This cannot be undone.")).to_be_visible()


def test_a_failure(chat: Visitor) -> None:
    chat.site.fails(503)
    chat.say("how long?", "failure")
    assert chat.bot("failure").aria_snapshot() == FAILURE.strip()


def test_the_closed_chat_is_one_button_in_a_region(chat: Visitor) -> None:
    chat.page.get_by_role("button", name="Close").click()
    region = chat.page.get_by_role("region", name="Valve Clinic chat")
    assert region.aria_snapshot() == '- region "Valve Clinic chat":\n  - button "Ask about your heart valve"'
    expect(region.get_by_role("textbox")).to_have_count(0)


def test_the_field_tells_its_limit(chat: Visitor) -> None:
    chat.field.fill("x" * 450)
    expect(chat.field).to_have_accessible_description("50 characters left")


def test_more_topics_are_named_with_their_number_and_hidden_until_opened(chat: Visitor) -> None:
    chat.say("topics")
    choices = chat.page.get_by_role("group", name="Choose an answer or a topic")
    more = choices.get_by_role("button", name="more topics").or_(choices.locator("summary"))
    shut = choices.aria_snapshot()
    assert "22 more topics" in shut
    assert shut.count("Question number") == 6
    more.first.click()
    opened = choices.aria_snapshot()
    assert opened.count("Question number") == 28
    assert "Question number 28?" in opened
