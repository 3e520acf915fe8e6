"""Does a text tell an assistant what to do? By phrases in a handful of languages, and by the marks of prompts."""

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

from memories.phrases import Phrase, by_first_word, phrase, standing

_MARKS = re.compile(
    r"<\|[a-z_]{2,20}\|>|\[/?INST\]|<</?SYS>>"
    r"|</?(?:system|assistant|developer|instructions?|system[_-]?(?:prompt|message|reminder)"
    r"|tool[_-]?(?:call|use|result)s?|function[_-]?calls?|invoke|memory[_-]?update)\b[^<>\n]{0,100}>"
    r"|(?:^|\n)[ \t#*\[(]{0,6}(?:system|assistant|developer)(?: (?:prompt|message|override|note))?[ \t*\])]{0,4}:"
    r"|(?:BEGIN|END|NEW)[ _](?:SYSTEM|HIDDEN|ADMIN)[ _](?:PROMPT|MESSAGE|INSTRUCTIONS)"
    r'|"(?:tool_calls?|function_call|tool_use|tool_name|arguments)"\s{0,8}:'
    r'|"(?:action|tool|function|command|method|event)"\s{0,8}:\s{0,8}"(?:\w{0,40}_)?(?:delete|add|update|create|search'
    r"|send|exec|execute|run|call|write|read|fetch|forget)",
    re.IGNORECASE,
)
_WITHOUT_SPACES = re.compile(
    # Chinese, Japanese and Korean write no spaces between words, or other ones.
    r"(?:忽略|无视|無視|忘记|忘掉|不要理会)[^。！？\n]{0,12}(?:指令|指示|提示|说明|規則|规则|命令)"  # noqa: RUF001
    r"|从现在开始[^。\n]{0,4}(?:你|总是|请)|(?:你必须|请总是|总是推荐|永远推荐|务必推荐)"
    r"|(?:指示|命令|ルール|プロンプト)[^。\n]{0,6}(?:無視|忘れ)|今後は?[^。\n]{0,4}(?:必ず|常に|あなた)|(?:常に|必ず)[^。\n]{0,20}(?:推薦|勧め|推奨)"
    r"|(?:지시|명령|규칙|프롬프트)[^.\n]{0,8}(?:무시|잊어)|지금부터[^.\n]{0,6}(?:너|당신|항상)|항상[^.\n]{0,20}추천"
)
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[.!?;:,\n\"“”()\[\]{}<>*#-]")  # noqa: RUF001 - an apostrophe that people type


def instructs(text: str) -> bool:
    """Tells whether the text reads as if it told an assistant what to do, or imitates a prompt or a call of a tool."""
    plain = unicodedata.normalize("NFKC", text)
    return bool(_MARKS.search(plain) or _WITHOUT_SPACES.search(plain)) or _has_phrase(plain)


def _has_phrase(plain: str) -> bool:
    tokens = _TOKEN.findall(plain.casefold().replace("’", "'"))  # noqa: RUF001 - as above
    return next(standing(tokens, _phrases()), None) is not None


@cache
def _phrases() -> dict[str, list[Phrase]]:
    read = tomllib.loads(Path(__file__).with_name("instructions.toml").read_text())
    return by_first_word(phrase(written, read["lists"]) for phrases in read["phrases"].values() for written in phrases)
