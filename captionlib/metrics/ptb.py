"""Step 6, metrics: cut a sentence into the words that the standard caption scores count; lesson 10 teaches it.

Published BLEU, ROUGE-L and CIDEr are computed after the Penn Treebank tokeniser of Stanford CoreNLP 3.4.1 (Java, as
pycocoevalcap runs it): lower case, clitics cut off ("dog 's", "do n't"), a list of punctuation dropped. This does the
same in plain Python. Its rules were found by running the Java tool, on every character too; the tests compare them
with its output. Like the tool it keeps "#", "&", "„" and "-lrb-" (an opening bracket), which are not on the
standard's list of punctuation, keeps a caption without spaces (Chinese, Thai) as one word, and cuts words at vowel
signs that it does not support (Kannada, Burmese).
"""

import re
import unicodedata

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


def charset(ranges: str) -> str:
    """The inside of a regular expression's [...], from ranges of hexadecimal code points."""
    return "".join("-".join(f"\\U{int(end, 16):08x}" for end in ends.split("-")) for ends in ranges.split())


# The tool knows the letters of Unicode 6.1 and some of the signs written with them: accents, and the vowel signs of
# Hebrew, Arabic, Devanagari, Bengali, Tamil, Thai and a few more. Except after a hyphen they are as good as letters.
SIGNS = charset("""2c2-379 384-385 3f6 483-487 55a-55f 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 615-61a 64b-65e 670 6d6-6ed
6fd-6fe 70f-7b0 7eb-7f3 900-903 93c-94e 951-955 962-963 981-983 9bc-9c4 9c7-9c8 9cb-9cd 9d7 9e2-9e3 a01-a03 a3c
a3e-a4f a81-a83 abc-acf b82 bbe-bc2 bc6-bc8 bca-bcd c01-c03 c3e-c56 d3e-d44 d46-d48 e31-e3a e47-e4e eb1-ebc ec8-ecd
1885-1886""")
# Each of these is a token.
SYMBOLS = charset("""a1-a9 ac ae-b1 b4 b6-b8 bc-bf d7 f7 37e 387 589 5be 5c0 5c3 5c6 5f3-5f4 600-603 606-60c 614 61b
61e-61f 66a 66d 6d4 700-70d 7f6-7f8 964-965 e3f e4f 1fbd 2016-2017 2020-2023 2030-2038 203b 203e-2042 2044 207a-207e
208a-208e 20a4 2100-2101 2103-2106 2108-2109 2114 2116-2118 211e-2123 2125 2127 2129 212e 213a-213b 2140-2144 214a-214d
214f 2153-215e 2190-2bff 3001-3002 3012 30fb ff01-ff0f ff1a-ff20 ff3b-ff40 ff5b-ff65 ffe0-ffe1 ffe5-ffe6""")
RAISED = "(?:[²³¹⁰⁴-⁹]+|[₀-₉]+)"  # a run of these is a token
# These it drops though Python counts them as letters or digits: newer ones, Roman numerals, all beyond U+FFFF.
UNKNOWN = charset("""37f-383 528-530 560 588 5eb-5ef 859-89f 8a1 8ad-8ff 978 980 9f2-a00 af0-b04 b72-b81 bf0-c00 c34
c5a-c5f c70-c84 cbe-cdd cf3-d04 d4f-d5f d70-d79 dc7-e00 e85-e86 e89 e8b-e8c e8e-e93 e98 ea0 ea8-ea9 eac f2a-f3f
135b-137f 13f5-1400 16eb-16ff 170d 1712-171f 17ea-180f 1878-187f 191d-1945 19ac-19c0 19c8-19cf 19da-19ff 1b4c-1b4f
1c7e-1ce8 1cf2-1cf4 1cf7-1cff 2150-2152 215f-2182 2185-218f 2c2f 2c5f 2cf4-2cff 3007-3011 3013-3030 3036-303a 312e-3130
318f-319f 31bb-31ef 3200-33ff 4db6-4dff 9fcd-9fff a698-a69f a6e6-a716 a78f a794-a79f a7ab-a7f7 a823-a83f a8fc-a8ff
a9da-a9ff aa7b-aa7f ab2f-abbf 10000-10ffff""")

BARE = r"[^\W\d_]"  # a letter that is no sign
ALNUM = r"[^\W_]"  # a bare letter or a digit
LETTER = rf"(?:{BARE}|[{SIGNS}])"
APOSTROPHE = "['’]"
CLITIC = rf"{APOSTROPHE}(?:s|m|d|re|ve|ll)(?![a-z])"
HYPHEN = r"[-_\u058a\u2010\u2011]"
WHOLE = r"(?![\w-])"  # no word goes on here
KEPT_STOP = r"(?:\.(?=[,;:]))?"  # a quirk: "dog.," keeps its full stop
SLASHED = r"[a-z0-9]+(?:-[a-z]+){0,2}"

# The first rule that fits at a place makes the token.
RULES = [
    rf"(?!(?:cannot|gonna|wanna|gotta|gimme|lemme)\b){LETTER}+(?=\s|$)",  # nearly every word
    r"</?[a-z!][\w-]*>",  # tags, and so <unk>
    r"https?://[^\s\"<>()]*[\w/] | (?<![\w.+-])[a-z0-9][\w.+-]*@[\w-]+(?:\.[\w-]+)* | @[a-z_]\w*",  # addresses
    rf"\#{LETTER}+",  # hashtags
    rf"(?-i:[:;=]['o*-]?(?:[()@|\\]|[DdPpO](?!{ALNUM})))",  # emoticons
    rf"can(?=not{WHOLE}) | (?:gon|wan)(?=na{WHOLE}) | got(?=ta{WHOLE}) | (?:gim|lem)(?=me{WHOLE}) ",
    rf"'t(?=(?:is|was)(?:n't)?\b) | [a-z]*[a-mo-z](?=n{APOSTROPHE}t) | n{APOSTROPHE}t(?!{BARE}) | {CLITIC}",
    rf"c{APOSTROPHE}est | (?:nor'easter|c'mon|e'er|s'mores|li'l)\b | (?:ol|dunkin|somethin)(?:'(?!{ALNUM})|’)",
    rf"'(?:n(?:'|(?![\w/{SIGNS}]))|(?:em|cause|till?|[2-9]0s)(?!{ALNUM})) | {APOSTROPHE}\d\d(?=\s|$)",
    rf"’(?:n{APOSTROPHE}?|em|cause|till?|[2-9]0s|s|m|d|re|ve|ll)",  # a quirk: typographic, "’dog" becomes "'d og"
    rf"{BARE}+(?-i:[aeiouyAEIOUY])(?!{CLITIC})(?-i:{APOSTROPHE}[aeiouA-Z]){BARE}*",  # ma'am
    r"\(\d{3}\)\ ?(?=\d{3}-?\d{4}\b)",  # (555) 123-4567
    rf"(?:\d{{1,4}}[ -])?\d{{1,4}}/\d{{1,4}}(?![\w/-]) | {SLASHED}(?:/{SLASHED}){{1,2}}",  # 3 1/2, and/or
    # 1.5-inch, U.S.-made, half-U.S., t-shirt, O'Brien-Smith
    rf"[a-z0-9][a-z0-9.,]*(?:-(?:(?:[a-z]\.){{2,}}|[a-z0-9]+))+(?!{HYPHEN}?{ALNUM}){KEPT_STOP}",
    rf"(?:[dlo]{APOSTROPHE}{ALNUM})?{ALNUM}+(?:{HYPHEN}(?:[dlo]{APOSTROPHE}{ALNUM})?{ALNUM}+)+{KEPT_STOP}",
    rf"(?-i:[A-HJ-XZn]){APOSTROPHE}{BARE}{{2,}} | [dlo]{APOSTROPHE}{ALNUM}{{2,}}",  # O'Brien, o'clock
    rf"[dlj](?!{CLITIC}){APOSTROPHE} | y(?!{CLITIC}){APOSTROPHE}(?={LETTER})",  # d'Or, y'all
    # 5, -5, .5, 1,000, 10:30
    rf"[+-]?(?:\d+|(?<!\.\.))(?:[.:,\u066b\u066c]\d+)+{KEPT_STOP} | (?:(?<!-)[+-]\d+|\d+(?!\w)){KEPT_STOP}",
    rf"(?:{'|'.join(ABBREVIATIONS.split())}|(?-i:{'|'.join(CAPITAL_ABBREVIATIONS.split())}))\.(?!{LETTER})",
    rf"(?:{'|'.join(BEFORE_NUMBERS.split())})\.(?=\ ?\d)",
    rf"ph\.d\. | (?:[a-z]\.){{2,}}(?!{LETTER}) | [a-z]\.(?!{LETTER})(?!\s+(?-i:{'|'.join(OPENERS.split())})(?:\s|$))",
    r"(?-i:[A-Z]+(?:(?:[+&][A-Z]+)+|\$)) | c\+\+ | [cf]\#",  # AT&T, US$
    rf"{LETTER}(?:{LETTER}|\d)*(?:[.!?]{LETTER}(?:{LETTER}|\d)*)*{KEPT_STOP}",  # "dog.The" is one word
    rf"{ALNUM}+{KEPT_STOP}",
    rf"[?!]{{2,}} | \*+ | \#+ | _+ | @+ | [()\[\]{{}}$%&+=<>~^|\\/] | [{SYMBOLS}] | {RAISED}",
    "[`‘’‚‛“”„‟«»‹›]{1,2}",
]
TOKEN = re.compile("|".join(RULES), re.VERBOSE | re.IGNORECASE)
REWRITTEN = {
    **{"–": " - ", "—": " - ", "…": " . ", "\xad": "", "£": "#", **dict.fromkeys("€¤₠\x80", "$")},
    **{"¢": " cents ", "½": " 1/2 ", "¼": " 1/4 ", "¾": " 3/4 ", "⅓": " 1/3 ", "⅔": " 2/3 "},
}
ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": " "}
BRACKETS = {"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}
QUOTES = {"‘": "`", "‛": "`", "‹": "`", "’": "'", "›": "'", "“": "``", "«": "``", "”": "''", "»": "''"}
DROPPED, PADDED = re.compile(f"[{UNKNOWN}]"), re.compile(f"[{SYMBOLS}]|{RAISED}")
REWRITE = re.compile("|".join(map(re.escape, {**REWRITTEN, **ENTITIES})))
QUOTED = re.compile(r"(?<!\S)(?:[`‘’‚‛“”„‟«»‹›]+|’(?:s|m|d|re|ve|ll)|n’t)(?!\S)")  # "l’été" keeps its own


def ptb_tokenize(sentence: str) -> list[str]:
    """The words of a sentence exactly as the standard tool gives them; see `tokenize` for what scores take.

    Args:
        sentence: one caption as a person or a model wrote it.

    Returns:
        Lower-case words without punctuation; an empty list when none is left.

    Raises:
        CaptionlibError: the caption is not a string.
    """
    if not isinstance(sentence, str):
        raise CaptionlibError(f"A caption must be a string of words, not {type(sentence).__name__}.")
    if not sentence.isascii():
        sentence = PADDED.sub(r" \g<0> ", DROPPED.sub(" ", sentence))
    sentence = REWRITE.sub(lambda match: {**REWRITTEN, **ENTITIES}[match[0]], sentence)
    tokens = " ".join(TOKEN.findall(sentence)).lower()
    for bracket, name in BRACKETS.items():
        tokens = tokens.replace(bracket, name)
    tokens = QUOTED.sub(lambda match: "".join(QUOTES.get(one, one) for one in match[0]), tokens)
    return [token for token in tokens.split() if token not in ("'", "`", "''", "``")]


def tokenize(caption: str) -> list[str]:
    """The words of a caption, hypothesis or reference, as every score of captionlib counts them.

    The caption is put into Unicode's composed form first (NFC), then goes through `ptb_tokenize`. The standard tool
    does not do that: to it "é" and "e" with a combining accent, which look the same, make two different words.

    Args:
        caption: one caption as a person or a model wrote it.

    Returns:
        Lower-case words without punctuation; an empty list when none is left.

    Raises:
        CaptionlibError: the caption is not a string.
    """
    return ptb_tokenize(unicodedata.normalize("NFC", caption) if isinstance(caption, str) else caption)
