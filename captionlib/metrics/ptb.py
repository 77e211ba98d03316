"""Step 6, metrics: cut a sentence into the words that the standard caption scores count; lesson 10 teaches it.

Published BLEU, ROUGE-L and CIDEr are taken after the Penn Treebank tokeniser of Stanford CoreNLP 3.4.1 (Java, as
pycocoevalcap runs it): lower case, clitics cut off ("dog 's", "do n't"), a list of punctuation dropped. This does the
same in plain Python. Its rules were found by asking the Java tool; the tests hold them against its answers. Like the
tool it keeps "#", "&" and "-lrb-" (an opening bracket), which are not on the standard's list of punctuation.
"""

import re

from captionlib.errors import CaptionlibError

# With a full stop these are one word ("mr."): the second list only with a capital, the third only before a number.
ABBREVIATIONS = """adj adm adv al ala alex apr ariz assn asst atty aug ave bhd bldg blvd brig bros calif capt cf cie
cmdr co col colo comdr conn corp cos cpl ct dak dec dept det dr drs elec ens esq est etc ext feb fla fri ft ga gen gov
govs hon inc ind insp intl invt jan jos jr jul jun kan kans ky lieut lt ltd maj mar md messrs mfg mich minn mlle mme
mo mon mont mr mrs ms msgr mt mtg natl neb nev nov oct okla penn pfc ph plc ppte ppty pres prof pte ptes pty ptys pvt
rd rep reps rev rt sen sens sep sept seq sfc sgt spc sq sr st ste supt sys tel tenn thu thurs tue tues univ va vs vt
wed wis wisc wm wyo"""
CAPITAL_ABBREVIATIONS = "Az Ark Del Ill La Mass Miss Ore Pa Tex Wash"
BEFORE_NUMBERS = "art ca fig figs no nos op pp prop"
# After "A." these open a new sentence: then the stop is not part of the letter.
OPENERS = """A About After An As At But He Her Here If In It Last Many More Once One Other Our She Since So Some That
The Their Then There These They This We What When While Yet You"""

# A letter, an accent that is a character of its own, or the hyphen that never breaks.
LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u2011])"
ALNUM = rf"(?:{LETTER}|\d)"
CLITIC = rf"'(?:s|m|d|re|ve|ll)(?!{LETTER})"
WHOLE = r"(?![\w-])"  # no word goes on here
KEPT_STOP = r"(?:\.(?=[,;:]))?"  # a quirk: "dog.," keeps its full stop
SLASHED = r"[a-z0-9]+(?:-[a-z]+){0,2}"

# The first rule that fits at a place makes the token.
RULES = [
    rf"(?!(?:cannot|gonna|wanna|gotta|gimme|lemme)\b){LETTER}+(?=\s|$)",  # nearly every word
    r"</?[a-z!][\w-]*>",  # tags, and so <unk>
    r"https?://[^\s\"<>()]*[\w/] | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)* | [@\#][a-z_]\w*",  # addresses, #tags
    rf"(?-i:[:;=]['o*-]?(?:[()@|\\]|[DdPpO](?!{ALNUM})))",  # emoticons
    rf"can(?=not{WHOLE}) | (?:gon|wan)(?=na{WHOLE}) | got(?=ta{WHOLE}) | (?:gim|lem)(?=me{WHOLE}) ",
    rf"'t(?=(?:is|was)(?:n't)?\b) | {LETTER}+?(?=n't(?!{LETTER})) | n't(?!{LETTER}) | {CLITIC}",
    rf"[jy](?!{CLITIC})'(?={LETTER}) | (?:ol|dunkin|somethin)'(?!{ALNUM}) | (?:nor'easter|c'mon|e'er|s'mores|li'l)\b",
    rf"'n(?:'|(?![\w/])) | '(?:em|cause|till?|[2-9]0s)(?!{ALNUM}) | '\d\d(?=\s|$)",
    rf"{LETTER}+(?-i:[aeiouy]'[aeiouA-Z]){LETTER}*",  # ma'am
    r"\(\d{3}\)\ ?(?=\d{3}-?\d{4}\b)",  # (555) 123-4567
    rf"(?:\d{{1,4}}[ -])?\d{{1,4}}/\d{{1,4}}(?![\w/-]) | {SLASHED}(?:/{SLASHED}){{1,2}}",  # 3 1/2, and/or
    # t-shirt, 1.5-inch, U.S.-made, half-U.S., O'Brien-Smith
    rf"(?:[dlo]'{LETTER})?{ALNUM}(?:{ALNUM}|[.,])*(?:-(?:(?:[a-z]\.){{2,}}|(?:[dlo]'{LETTER})?{ALNUM}+))+{KEPT_STOP}",
    rf"(?-i:[A-HJ-XZn])'{LETTER}{{2,}} | [dlo]'{LETTER}{{2,}}",  # O'Brien, o'clock
    rf"[+-]?(?:\d+|(?<!\.\.))(?:[.:,]\d+)+{KEPT_STOP} | [+-]?\d+(?!\w){KEPT_STOP}",  # 5, -5, .5, 1,000, 10:30
    rf"(?:{'|'.join(ABBREVIATIONS.split())}|(?-i:{'|'.join(CAPITAL_ABBREVIATIONS.split())}))\.(?!{LETTER})",
    rf"(?:{'|'.join(BEFORE_NUMBERS.split())})\.(?=\ ?\d)",
    rf"ph\.d\. | (?:[a-z]\.){{2,}}(?!{LETTER}) | [a-z]\.(?!{LETTER})(?!\s+(?-i:{'|'.join(OPENERS.split())})(?:\s|$))",
    r"(?-i:[A-Z]+(?:[+&][A-Z]+)+) | c\+\+ | [cf]\#",  # AT&T
    rf"{LETTER}{ALNUM}*(?:[.!?]{LETTER}{ALNUM}*)+{KEPT_STOP}",  # "dog.The" is one word
    rf"{ALNUM}+(?:_{ALNUM}+)*{KEPT_STOP}",
    r"[?!]{2,} | \*+ | \#+ | _+ | @+ | [()\[\]{}$%&+=<>~^|\\/] | [¡¿·•°©®™§×÷±¥¬¦¶´\u2190-\u22ff]",
]
TOKEN = re.compile("|".join(RULES), re.VERBOSE | re.IGNORECASE)
REWRITTEN = {
    **{"’": "'", "‘": "`", "“": '"', "”": '"', "–": " - ", "—": " - ", "…": " . ", "\xad": "", "£": "#", "€": "$"},
    **{"¢": " cents ", "½": " 1/2 ", "¼": " 1/4 ", "¾": " 3/4 ", "⅓": " 1/3 ", "⅔": " 2/3 "},
}
ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": " "}
BRACKETS = {"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}
REWRITE = re.compile("|".join(map(re.escape, {**REWRITTEN, **ENTITIES})))


def ptb_tokenize(sentence: str) -> list[str]:
    """The words of a sentence as the standard caption scores see them.

    Args:
        sentence: one caption as a person or a model wrote it.

    Returns:
        Lower-case words without punctuation; an empty list when none is left.

    Raises:
        CaptionlibError: the caption is not a string.
    """
    if not isinstance(sentence, str):
        raise CaptionlibError(f"A caption must be a string of words, not {type(sentence).__name__}.")
    sentence = REWRITE.sub(lambda match: {**REWRITTEN, **ENTITIES}[match[0]], sentence)
    tokens = " ".join(TOKEN.findall(sentence)).lower()
    for bracket, name in BRACKETS.items():
        tokens = tokens.replace(bracket, name)
    return tokens.split()
