"""Write tests/data_files/ptb_sentences.json: caption-like sentences of our own and what the standard tokeniser answers.

Run it with `python tests/make_ptb_sentences.py`; it needs pycocoevalcap and Java. test_ptb.py reads what it wrote.
"""

import json
import random
from pathlib import Path

SUBJECTS = """a black dog|two young men|the girl's brother|an old woman|three kids|a t-shirt-clad teenager|someone
a 3-year-old|the dogs|Mr. Brown|my neighbor's cat|the U.S. team|a man and his daughter|nobody|a red-haired boy
six women|a Dalmatian|an Asian girl|O'Brien|the children|a mother-in-law|the team's goalie|people|her two-year-old son
a snow-boarder|the bride|a BMX rider|Dr. Lee|a long-haired , bearded man|the man who's tall|the twins
a blond-haired surfer|a firefighter|both boys"""
DOINGS = """runs|is sitting on a bench|jumps over a log|doesn't look at the camera|can't reach the ball|rides a bike
isn't happy|plays the guitar|is climbing|eats an ice-cream cone|cannot swim|won't let go|are hugging|'s wearing a hat
holds a sign|sleeps|throws a frisbee|is about to dive|they're laughing|is being pulled|looks like he's going to fall
catches the wave|is playing tag|wouldn't move|paints a wall|walks hand-in-hand|skis down-hill|reads "Moby Dick"
is gonna jump|wanna play|does a back-flip"""
PLACES = """in the water|at the beach|near a fence|on the dog's bed|in front of the crowd|by the river's edge
at St. Mary's church|in New York City|on Main St.|beneath the trees|at 5 p.m.|in the snow|at the skate-park
on top of Mt. Hood|in the '90s|at night|on the 4th of July|beside a lake|under a bridge|in a half-pipe
at O'Hare airport|in the U.S.|on a merry-go-round|at a cafe|in Washington, D.C.|behind the children's tent
outside of Macy's|along I-90|at the corner of 5th Ave.|next to the boys' bikes"""
# The awkward cases: each stands in several sentences, bare, in quotes, in brackets, before a comma and at the end.
AWKWARD = """can't|Don't|isn't|won't|ain't|I'm|you're|we've|they'll|she'd|he's|it's|that's|who's|there's|let's|what's
y'all|wouldn't|I'd've|could've|should've|might've|the dogs' bones|James's hat|James' hat|women's|kids'|ski's|ATV's
1990's|80's|'80s|the '90s|cannot|Cannot|gonna|wanna|gotta|gimme|lemme|'tis|'twas|o'clock|O'Neill|D'Angelo|ma'am
rock 'n' roll|rock'n'roll|slip 'n' slide|ol' man|c'mon|goin'|jack-o'-lantern|jack-o-lantern|will-o'-the-wisp
man-o'-war|'em|'cause|'til|t-shirt|T-shirt|tee-shirt|X-ray|black-and-white|ten-year-old|10-year-old|mother-in-law
well-known|mid-air|U-turn|co-op|e-mail|merry-go-round|hand-in-hand|40-something|pre-1950|A-frame|V-neck|3-D|4-H|cross-
-dog|half--empty|wet -- dog|a - b|in - line|U.S.|U.S.A.|U.K.|N.Y.|D.C.|L.A.|S.C.U.B.A.|a.m.|p.m.|e.g.|i.e.|Ph.D.|M.D.
T.V.|D.J.|J.P. Morgan|J. Smith|U.S.-made|Co.|Mr. Potato Head|Mrs. Hill|Ms. Hill|Dr. Who|St. Bernard|Jr.|Sr.
Sgt. Pepper|Capt. Hook|Gen. Lee|Prof. X|Inc.|Corp.|Ltd.|etc.|vs.|vs|Ave.|Blvd.|Rd.|Mt. Everest|Ft. Worth|No. 7|no. 7
No. I said|No.7|#7|# 7|fig. 3|pp. 4|approx. 5|Jan. 1|Dec. 25, 2009|Feb.|Sept.|Tues.|Mon.|Sat.|Sun.|May 5|Calif.|Mass.
Wash.|mass.|Fla.|Tex.|Pa.|pa.|oz.|lbs.|ft.|6 ft.|6ft.|in.|min.|max.|est.|tel.|dept.|gov.|5|15|1,000|10,000,000|3.5|.5
0.5|-5|+5|5%|5 %|$5|$5.00|$ 5|£5|€5|¥5|5¢|1/2|3 1/2|3-1/2|1/2-inch|½|3½|¾ full|2/3|50/50|24/7|9/11|1st|2nd|3rd|21st
4x4|2x4|5k|10km|50km/h|60mph|5ft|6'|6'2"|5'10|12"|7-11|2-0|10-12|1990-91|555-1234|(555) 123-4567|1-800-555-1234|10:30
10:30am|10:30 a.m.|5pm|5 pm|5p.m.|12/25/2009|12-25-2009|2009-12-25|25.12.2009|1,2,3|1.2.3|V8|747|F-16|A1|3D|Route 66
"hello"|"P"|"P."|'hello'|'P'|“hello”|‘hello’|``hello''|"stop!"|" stop "|' stop '|it’s|dog’s|don’t|the dogs’ toys
«hello»|"a" "b"|(left)|( left )|(s)|dog(s)|[sic]|{x}|(two of them)|(a|b)|:)|:-)|;)|:(|:D|<3|<unk>|<start>|<b>bold</b>
a < b|a > b|and/or|his/her|black/white|red/white/blue|w/o|w/|b/w|he / she|a/c|N/A|1/3/5|either/or|left/right/up/down
n/a.|/|//|\\|AT&T|R&B|B&W|Q&A|A&W's|H&M|M&Ms|black & white|black&white|salt&pepper|&|&amp;|Dolce & Gabbana|at&t
wait...|wait ...|wait . . .|wait..|wait....|wait…|...wait|wait...what|wait…what|dog–cat|dog—cat|dog – cat|dog — cat
5–6|dog‑cat|red, white|red , white|red,white|red ,white|red;white|red ; white|red: white|red:white|red.White|red.white
red!White|red . White|what?|what ?|what?!|wow!!!|wow !|why??|hey!you|yes?no|dog.,|dog.;|.dog|..|,|;|:|-|--|---|!|?|.|'
''|"|`|``|*|**|***|_|__|~|^|+|=|*dog*|_dog_|dog_cat|dog*cat|a+b|C++|C#|A+|1 + 1 = 2|100%-cotton|50%-off|dog@home|@dog
#dog|#winning|dog@home.com|me@x.co.uk|www.dogs.com|http://www.dogs.com/a|dogs.com|Yahoo!|Yahoo!'s|Toys"R"Us|Toys R Us
Wal-Mart|7-Eleven|McDonald's|Dunkin' Donuts|M*A*S*H|café|naïve|Zoë|jalapeño|São Paulo|crème brûlée|Köln|façade
piñata's|café-bar|犬|собака|20°|20°C|dog™|dog®|©2009|•|×|→|3×4|´|¿que?|¡hola!|A|I|a|A. Then|A. man|I. The|x.|plan B.
vitamin C.|letter A.|"A."|a.b|a.b.c|a.b.c.|TV.|T.V|USA|NYC.|DON'T|CANNOT|IT'S|DOG'S|THE|dog's-eye|bird's-eye view
bull's-eye|ant 's-eye-view|dog 's|do n't|did n't|is n't|dog's.|dogs'.|Mr.'s|Jr.'s|U.S.'s|Inc.'s|etc.,|p.m.,
three-fourths|half-U.S.|T-shirt's|t-shirt.|t-shirt,|t-shirts/jeans|long-sleeved/short-sleeved|6-foot/7-foot|x-ray.
mid-air,|rain-soaked;"""
# A few with nothing in them, or blanks that people never see.
BLANK = [
    "",
    " ",
    ".",
    " . ",
    "...",
    "\t",
    "a\tdog",
    "a  dog   runs",
    " a dog",
    "a dog ",
    "a\u00a0dog",
    "a dog\r",
    "a\u200bdog",
]


def parts(text):
    return [part for part in text.replace("\n", "|").split("|") if part]


def sentences():
    """About 1,800 different sentences, always the same: a seeded choice of the parts above."""
    rng = random.Random(8)
    subjects, doings, places = parts(SUBJECTS), parts(DOINGS), parts(PLACES)
    made = list(BLANK)
    for subject in subjects:
        for doing in rng.sample(doings, 12):
            end = rng.choice([".", " .", "", "!", " ?", "...", " ;", '."', " . "])
            sentence = f"{subject} {doing} {rng.choice(places)}{end}"
            made.append(rng.choice([sentence, sentence.capitalize(), sentence[:1].upper() + sentence[1:]]))
    frames = [
        "{s} {d} {a}.",
        "{s} {d} {a}",
        "{s} , {a} , {d} {p} .",
        'A sign says "{a}" {p}.',
        "{a} {d} {p}.",
        "{s} ({a}) {d}!",
    ]
    for awkward in parts(AWKWARD):
        for frame in rng.sample(frames, 3):
            made.append(frame.format(s=rng.choice(subjects), d=rng.choice(doings), p=rng.choice(places), a=awkward))
    return list(dict.fromkeys(made))


def run_tokeniser(captions):
    """What pycocoevalcap's tokeniser makes of each caption: a string of words. One run for all; it needs Java."""
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    answers = PTBTokenizer().tokenize({number: [{"caption": caption}] for number, caption in enumerate(captions)})
    return [" ".join(answers[number][0].split()) for number in range(len(captions))]


if __name__ == "__main__":
    captions = sentences()
    # The tool reads across the line's end ("plan B." loses its stop before a line with "The"): part the lines.
    answers = run_tokeniser([line for caption in captions for line in (caption, "and")])[::2]
    rows = [json.dumps(pair) for pair in zip(captions, answers, strict=True)]
    note = {"made_by": "python tests/make_ptb_sentences.py", "tool": "pycocoevalcap 1.2, Stanford CoreNLP 3.4.1"}
    target = Path(__file__).parent / "data_files" / "ptb_sentences.json"
    target.write_text(json.dumps(note)[:-1] + ', "sentences": [\n' + ",\n".join(rows) + "\n]}\n")
    print(f"{len(captions)} sentences in {target}")
