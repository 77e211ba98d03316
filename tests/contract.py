"""What every lesson has, as rules: each takes a notebook and its path, and yields what is wrong (test_notebooks.py)."""

import ast
import importlib.util
import json
import re
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

FOLDER = Path(__file__).parent.parent / "notebooks"
spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
execute = importlib.util.module_from_spec(spec)
spec.loader.exec_module(execute)

PICTURES = {"image/png", "image/jpeg", "image/svg+xml"}
FOUR_LINES = ["**You will make**", "**You will learn**", "**You need**", "**Time**"]
TIME = (
    r"\*\*Time\*\* (\d+) minutes for the core path, exercises included; the\s+"
    r"cells run in about (\d+) seconds on two processor cores\."
)
# Lessons written before these rules; each is freed of them until it is rewritten.
NOT_YET = {8}
OLD_TIME = (
    r"\*\*Time\*\* (\d+) minutes to read and try; the\s+cells run in about (\d+) seconds on two processor cores\."
)
FURTHER = r"^## Going further$"
# Which of the six steps a lesson is about; lessons that are not here may light any step or none.
LIT = {0: None, 1: "vision", 3: "vision", 4: "text", 5: "decoder", 6: "decoder", 7: "decoder", 8: "decoder"}
LIT |= {9: "decoding", 10: "metrics", 12: "decoder"}
PATHS = r"(?:^|[\s\"'(=])(/(?:home|root|work|tmp|usr|mnt|content|Users)/[\w.-]+|[A-Z]:\\+\w+)"
NETWORK = r"https?://|[%!]\s*(?:pip|conda|wget|curl|git)\b|\b(?:requests|urllib|pooch|get_file|urlretrieve)\b"
NETWORK += r"|nltk\.download|weights=[\"']imagenet"
EMOJI = r"[\U0001f000-\U0001faff\u2600-\u2604\u2606-\u2712\u2714-\u27bf\ufe0f]"  # ★ marks exercises, ✓ may tick


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def calls(cell, room):
    """Name the functions of `figures`, `widgets` or `exercises` that a code cell calls, with their arguments."""
    if cell.cell_type != "code":
        return
    for node in ast.walk(ast.parse(TransformerManager().transform_cell(cell.source))):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if called.startswith(f"{room}."):
            yield called.removeprefix(f"{room}."), [ast.unparse(argument) for argument in node.args]


def pictures(cell):
    return [output for output in cell.get("outputs", []) if PICTURES & set(output.get("data", {}))]


def took(path):
    return json.loads(execute.TIMES.read_text("utf8")).get(path.stem, {"seconds": 999, "megabytes": 9999})


def ran_from_top_to_bottom(notebook, path):
    if [cell.execution_count for cell in code_cells(notebook)] != list(range(1, len(code_cells(notebook)) + 1)):
        yield "its cells were not run once each from top to bottom"
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"{cell.id} raises or warns"
            if execute.WIDGET in output.get("data", {}):
                yield f"{cell.id} stores a widget's model, which is gone"


def is_fresh(notebook, path):
    if notebook.metadata.get("captionlib", {}).get("run_with") != execute.state(notebook):
        yield "stale: it, the lock, or something it uses changed since it was run; `make notebooks` runs it again"


def carries_the_projects_address(notebook, path):
    stamped = nbformat.from_dict(notebook)
    before = [cell.source for cell in notebook.cells]
    execute.stamp(stamped, path.name)
    if before != [cell.source for cell in stamped.cells] or not {"badges", "colab"} <= {c.id for c in notebook.cells}:
        yield "its cells `badges` and `colab` are not what execute.py stamps"


def is_of_a_size_to_teach_with(notebook, path):
    if len(notebook.cells) > 48:
        yield f"{len(notebook.cells)} cells; 48 are the most"
    if len(nbformat.writes(notebook).encode()) > 2e6:
        yield "larger than 2 MB"
    if took(path)["seconds"] > execute.LIMIT or took(path)["megabytes"] > 1500:
        yield f"takes {took(path)}"


def opens_as_all_do(notebook, path):
    opening = prose(notebook).split("\n## ")[0]
    if not re.match(r"# \S", opening):
        yield "its first line is no title"
    places = [opening.find(line) for line in FOUR_LINES]
    if -1 in places or places != sorted(places):
        yield f"before the first heading stand, in this order, {FOUR_LINES}"


def core(notebook):
    """The cells before *Going further*."""
    further = [i for i, cell in enumerate(notebook.cells) if re.search(FURTHER, cell.source, re.M)]
    return notebook.cells[: further[0]] if further else notebook.cells


def minutes(notebook):
    """Minutes for the core path: 150 words or 20 lines of code each, exercises 6 (★ 10), widgets 4, the quiz 3."""
    written = [cell.source for cell in core(notebook) if cell.cell_type == "markdown" and cell.id != "badges"]
    text = re.sub(r"\]\([^)]*\)|\$\$.*?\$\$", "", "\n\n".join(written), flags=re.S)
    code = [cell for cell in core(notebook) if cell.cell_type == "code" and cell.id != "colab"]
    lines = sum(bool(line.strip()) for cell in code for line in cell.source.splitlines())
    exercises = sum(10 if star else 6 for star in re.findall(r"^### Exercise \d( ★)?", text, re.M))
    widgets = [name for cell in code for name, _ in calls(cell, "widgets") if name != "quiz"]
    return len(text.split()) / 150 + lines / 20 + exercises + 4 * len(widgets) + 3


def tells_its_time(notebook, path):
    old = int(path.name[:2]) in NOT_YET
    told = re.search(OLD_TIME if old else TIME, prose(notebook))
    if not told:
        yield "**Time** is not told in the words that all lessons use"
        return
    if int(told[1]) > 60 or int(told[2]) != took(path)["seconds"]:
        yield f"tells {told[1]} minutes and {told[2]} seconds; 60 minutes are the most, {took(path)} was measured"
    if not old and abs(int(told[1]) - minutes(notebook)) > 2.5:
        yield f"tells {told[1]} minutes, and its core path takes {minutes(notebook):.1f}"


def lights_its_step(notebook, path):
    number = int(path.name[:2])
    drawn = [
        (i, a) for i, cell in enumerate(notebook.cells) for name, a in calls(cell, "figures") if name == "six_steps"
    ]
    if not drawn or drawn[0][0] > 9 or not pictures(notebook.cells[drawn[0][0]]):
        yield "the six steps are not drawn within the first ten cells"
    elif number in LIT and drawn[0][1] != ([repr(LIT[number])] if LIT[number] else []):
        yield f"lights {drawn[0][1]} of the six steps and not {LIT[number]}"


def has_exercises(notebook, path):
    asked = {name for cell in code_cells(notebook) for name, _ in calls(cell, "exercises") if name.endswith(".check")}
    old = int(path.name[:2]) in NOT_YET
    if len(asked) < 3 - old:
        yield f"{len(asked)} exercises; three are the least"
    if not re.search(r"^### Exercise \d ★", prose(notebook), re.M):
        yield "no exercise is marked ★ in its heading"
    for cell in code_cells(notebook):
        checks = [name for name, _ in calls(cell, "exercises") if name.endswith(".check")]
        said = "".join(output.get("text", "") for output in cell.outputs)
        if said.count("not attempted: ") != len(checks):
            yield f"{cell.id}: a stub as it stands is not attempted, and this says {said!r}"
        if checks and not old and not re.search(r"^#.*\.hint\(\)", cell.source, re.M):
            yield f"{cell.id}: no comment line names .hint()"


def asks_for_guesses(notebook, path):
    guesses = len(re.findall(r"\*Guess[^*]*\?|\*[^*]*\bguess\b[^*]*\?", prose(notebook)))
    low, high = (3, 20) if int(path.name[:2]) in NOT_YET else (5, 8)
    if not low <= guesses <= high:
        yield f"{guesses} guesses; five to eight is what a lesson asks"


def names_what_it_teaches(notebook, path):
    """Equations in standard notation, and a link into the glossary where a term is met first."""
    if int(path.name[:2]) in NOT_YET:
        return
    if len(re.findall(r"\$\$.+?\$\$", prose(notebook), re.S)) < 1:
        yield "no equation"
    if len(set(re.findall(r"\]\(\.\./docs/glossary\.md#([\w-]+)\)", prose(notebook)))) < 5:
        yield "fewer than five terms are linked to the glossary"
    if "../docs/notation.md" not in prose(notebook):
        yield "no link to the notation"


def has_a_pitfall(notebook, path):
    if len(re.findall(r"^## .*pitfall of the day", prose(notebook), re.M | re.I)) != 1:
        yield "no pitfall of the day"


def ends_as_all_do(notebook, path):
    text = prose(notebook)
    take_away = text.partition("\n## Take away\n")[2].split("\n## ")[0]
    if len(re.findall(r"^\d\. ", take_away, re.M)) != 5:
        yield "the take-away has not five numbered lines"
    reading = text.partition("\n## Further reading\n")[2]
    if not re.search(r"^- .+\]\(http.+\): ", reading, re.M):
        yield "no further reading with a line on why"
    parts = ["\n## Take away\n", "\n## Further reading\n", "\n**Next:** "]
    parts += ["\n## Going further\n"] if "\n## Going further\n" in text else []
    places = [text.find(part) for part in parts]
    if -1 in places or places != sorted(places):
        yield "the end is: take away, questions, further reading, next, going further"


def has_a_quiz_that_explains(notebook, path):
    quizzes = [cell for cell in code_cells(notebook) for name, _ in calls(cell, "widgets") if name == "quiz"]
    told = "".join(o.get("data", {}).get("text/plain", "") for cell in quizzes for o in cell.outputs)
    questions = re.split(r"^\d\. ", told, flags=re.M)[1:]
    if len(quizzes) != 1 or len(questions) != 3:
        yield f"{len(quizzes)} quizzes with {len(questions)} questions"
    for question in questions:
        options = re.findall(r"^   - (.*)$", question, re.M)
        answers = [re.findall(r": (Yes|No): ", option) for option in options]
        if len(options) < 2 or any(len(answer) != 1 for answer in answers) or answers.count(["Yes"]) != 1:
            yield f"each option says Yes: or No: and why, and one is right: {question.splitlines()[0]}"


def leads_to_the_next(notebook, path):
    line = prose(notebook).partition("\n**Next:** ")[2].split("\n\n")[0]
    number = int(path.name[:2]) + 1
    if number == 16:
        return
    there = [file.name for file in path.parent.glob(f"{number:02}_*.ipynb")]
    if f"lesson {number:02}" not in line:
        yield f"the line **Next:** does not name lesson {number:02}"
    if [target for target in re.findall(r"\]\(([^)]+)\)", line) if target.endswith(".ipynb")] != there:
        yield f"the line **Next:** links to {there or 'no lesson, as it is not written yet'}"


def describes_its_pictures(notebook, path):
    for cell, after in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        if pictures(cell):
            if len(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")) <= 40:
                yield f"{cell.id}: its picture has no alt text, or one of a few words"
            if after is None or after.cell_type != "markdown" or re.match(r"\s*(#|$)", after.source):
                yield f"{cell.id}: no sentence describes its picture below it"
        for output in cell.get("outputs", []):
            if re.search(r"<img(?![^>]*\balt=\"[^\"]{20})", output.get("data", {}).get("text/html", "")):
                yield f"{cell.id}: an <img> without a description"
    for alt in re.findall(r"!\[([^\]]*)\]\(", prose(notebook)):
        if len(alt) < 20:
            yield f"a picture in the prose is described as {alt!r}"


def shows_a_figure_before_a_widget(notebook, path):
    figure = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.search(r"^## ", cell.source, re.M):
            figure = False  # a new section: the widget's own figure, not one from pages ago
        for name, _ in calls(cell, "widgets"):
            told = "".join(output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", []))
            if len(told) < 60 or "VBox(" in told or "HTML(" in told:
                yield f"{cell.id}: readers without a kernel read {told!r} in the place of {name}"
            if name != "quiz" and not figure:
                yield f"{cell.id}: no static figure stands before {name} in its section"
        figure = figure or bool(pictures(cell) and not any(name == "six_steps" for name, _ in calls(cell, "figures")))


def holds_no_path_of_one_machine_and_calls_no_network(notebook, path):
    for cell in notebook.cells:
        said = [output.get("text", "") for output in cell.get("outputs", [])]
        said += [output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", [])]
        if found := re.search(PATHS, "\n".join([cell.source, *said]), re.M):
            yield f"{cell.id}: {found[1]} is a path of one machine"
        if cell.cell_type == "code" and cell.id != "colab" and (found := re.search(NETWORK, cell.source)):
            yield f"{cell.id}: {found[0]} goes to the network"


def links_to_what_is_there(notebook, path):
    yield from dead_links(prose(notebook), path.parent)


def anchors(text):
    """What a link can name on a Markdown page."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def dead_links(text, folder):
    """List the local links of a Markdown text that lead nowhere; `folder` is where it lies."""
    headings = anchors(text)
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
    for target in re.findall(r"\]\(\s*<?([^)\s>]+)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text):
        file, _, heading = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        page = folder / file
        if file.endswith(".md") and page.exists():
            dead = heading and heading not in anchors(page.read_text("utf8"))
        else:
            dead = not page.exists() if file else heading not in headings
        if dead:
            yield f"a link leads to {target}, where nothing is"


def speaks_calmly(notebook, path):
    text = re.sub(r"```.*?```|`[^`\n]*`|\$[^$]*\$|!\[|\]\([^)]*\)", "", prose(notebook), flags=re.S)
    for found in re.finditer(rf"[^.\n]{{0,30}}(?:!|{EMOJI})", text):
        yield f"an exclamation mark or an emoji: {found[0]}"


RULES = [
    ran_from_top_to_bottom,
    is_fresh,
    carries_the_projects_address,
    is_of_a_size_to_teach_with,
    opens_as_all_do,
    tells_its_time,
    lights_its_step,
    has_exercises,
    asks_for_guesses,
    names_what_it_teaches,
    has_a_pitfall,
    ends_as_all_do,
    has_a_quiz_that_explains,
    leads_to_the_next,
    describes_its_pictures,
    shows_a_figure_before_a_widget,
    holds_no_path_of_one_machine_and_calls_no_network,
    links_to_what_is_there,
    speaks_calmly,
]
