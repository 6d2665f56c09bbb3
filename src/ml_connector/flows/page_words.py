"""Sentences for people in front of the console: what is done by a command is named as the page names it.

Sentences are written once, with the command that does what they ask for. Whoever reads them in a browser, or in an alert that
leads there, has a button for it. What is only done on the machine itself keeps its command.
"""

from __future__ import annotations

import re

_ID = r"(?:<?ID>?|\d+)"
_REASON = r"(?: --reason (?:<why>|\S+))?"

#: Commands, the longer ones first, and what a page has instead.
_WORDS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (rf"the output of ml-connector show {_ID}", "a picture of this page"),
        (rf"what ml-connector show {_ID} prints", "a picture of its page"),
        (rf"ml-connector why {_ID}", "its page"),
        (r"ml-connector mapping set \w+ \S+ <[^>]+>, or IGNORE", "under “Mapping”, or leave it out"),
        (r"ml-connector mapping set \w+ \S+ <[^>]+>", "under “Mapping”"),
        (r"ml-connector mapping list", "“Mapping”"),
        (r"ml-connector mapping history", "“Mapping”, under its versions,"),
        (rf"ml-connector link {_ID}(?: --txn-id <TxnID>)?", "“Link to a Bill”"),
        (rf"ml-connector retry(?: {_ID})? --post-new", "“Try again” as a new document"),
        (rf"ml-connector retry(?: {_ID})?", "“Try again”"),
        (rf"ml-connector give-up(?: {_ID})?{_REASON}", "“Give up”"),
        (rf"ml-connector skip(?: {_ID})?{_REASON}", "“Skip”"),
        (
            r"ml-connector connection restored shows them, and with --repost enters",
            "the page of the connection shows them, and enters",
        ),
        (r"ml-connector connection restored \S+(?=\.)", "on the page of the connection"),
        (r"ml-connector connection resume \S+(?=\.)", "“Go on”, in the settings of the connection"),
        (r"ml-connector connection go-live \S+(?=\.)", "on the page of the connection"),
        (r"ml-connector connection ping [\w-]+", "the test on the page of the connection"),
        (r"ml-connector connection qwc [\w-]+ writes it", "the setup of the connection hands it out"),
        (r"ml-connector connection set [\w<>-]+ --password-file <file>", "in the settings of the connection"),
        (
            r"ml-connector connection set [\w<>-]+ --client-id \.\.\. --client-secret-file \.\.\.",
            "in the settings of the connection",
        ),
        (r"ml-connector connection set [\w<>-]+ --post-payment-blocked", "a setting of the connection"),
        (r"with ml-connector connection set", "in its settings"),
        (r"ml-connector documents(?: --state '[^']+')? lists", "the list of documents shows"),
        (r"ml-connector user add", "under “Users”"),
    )
)  # fmt: skip


def for_pages(sentence: str) -> str:
    """Return a sentence as somebody in front of the console needs it."""
    if "ml-connector " not in sentence:
        return sentence
    for pattern, words in _WORDS:
        sentence = pattern.sub(words, sentence)
    return sentence
