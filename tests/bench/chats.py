"""Chat sessions and the questions that they answer (`../shared/data/README.md`): data that is no part of Loci.

Other files in the same format do as well: speakers may be called by their names, dates may be missing or written in
another way, and gold sessions may be left to be told from the gold turns.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dateutil import parser as dates

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "longmemeval_dev.json"
ROLES = {"user", "assistant", "tool"}
NO_TYPE = "question"
Json = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """What one speaker said at once: `<session id>#<index>`, and the message of the wire."""

    id: str
    message: dict[str, str]


@dataclass(frozen=True)
class Session:
    """A chat, without its system messages and empty turns, and when it took place, where that is known."""

    id: str
    at: datetime | None
    turns: tuple[Turn, ...]

    @property
    def messages(self) -> list[dict[str, str]]:
        """Returns the messages of the wire."""
        return [turn.message for turn in self.turns]


@dataclass(frozen=True)
class Question:
    """A question, the sessions that hold its evidence, and the turns that are it (`<session id>#<index>`)."""

    id: str
    type: str
    text: str
    asked_at: datetime | None
    answer: str
    sessions: tuple[str, ...]
    turns: tuple[str, ...]


@dataclass(frozen=True)
class Chats:
    """All sessions by id, and all questions that have evidence."""

    sessions: dict[str, Session]
    questions: list[Question]


def chats(path: Path) -> Chats:
    """Returns the data of `path`; ends the program with one sentence where there is none."""
    if not path.exists():
        sys.exit(f"{path} is absent: the development data is not part of Loci; name its file with --data.")
    data = json.loads(path.read_text(encoding="utf-8"))
    sessions = [_session(row) for row in data["sessions"]]
    questions = [_question(row) for row in data["questions"] if row.get("gold_turns")]
    return Chats({session.id: session for session in sessions}, questions)


def moment(written: Any) -> datetime | None:
    """Returns the moment of a date in whatever form, in UTC where it names no zone; None where there is none."""
    try:
        read = dates.parse(str(written), fuzzy=True)
    except (dates.ParserError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _session(row: Json) -> Session:
    turns = [Turn(f"{row['session_id']}#{index}", _message(turn)) for index, turn in enumerate(row["turns"])]
    said = [turn for turn in turns if turn.message["role"] != "system" and turn.message["content"].strip()]
    return Session(str(row["session_id"]), moment(row.get("date")), tuple(said))


def _message(turn: Json) -> dict[str, str]:
    """A speaker who is called by name is a user of that name."""
    role, content = str(turn.get("role") or "user"), str(turn.get("content") or "")
    if role in ROLES | {"system"}:
        return {"role": role, "content": content}
    return {"role": "user", "name": role, "content": content}


def _question(row: Json) -> Question:
    turns = tuple(dict.fromkeys(row["gold_turns"]))
    return Question(
        id=str(row["question_id"]),
        type=str(row.get("type", NO_TYPE)),
        text=row["question"],
        asked_at=moment(row.get("question_date")),
        answer=str(row.get("answer", "")),
        sessions=tuple(dict.fromkeys(row.get("gold_sessions") or _sessions_of(turns))),
        turns=turns,
    )


def _sessions_of(turns: Iterable[str]) -> list[str]:
    return [session_of(turn) for turn in turns]


def session_of(turn: str) -> str:
    """Returns the session of `<session id>#<index>`."""
    return turn.rpartition("#")[0]
