"""Write tests/data_files/ptb_sentences.json: caption-like sentences of our own and what the standard tokeniser answers.

Most are English; ten each stand in other scripts, and a sample of single characters beyond ASCII.
Run it with `python tests/make_ptb_sentences.py`; it needs pycocoevalcap and Java. test_ptb.py reads what it wrote.
"""

import json
import random
import unicodedata
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
# Ten sentences in each of some scripts, one a line, with the marks that people use there.
SCRIPTS = {
    "latin": """Ein weißer Hund läuft über die grüne Wiese.
„Schöne Grüße“ steht groß auf dem Schild, sagt Jürgen.
L’été, une fille à vélo traverse le café-théâtre.
C'est l'hiver : un garçon français mange une crème brûlée !
¿Dónde está el niño? ¡Aquí, con su muñeca pequeña!
Um cão e três crianças estão à beira-mar, não é?
Żółty kot śpi na łóżku; źrebię goni gęś.
Příliš žluťoučký kůň pije vodu z řeky…
İki kız çocuğu, ağacın altında oturuyor.
Một con chó đen chạy trên bãi cỏ, cạnh dòng sông.""",
    "greek": """Ένας μαύρος σκύλος τρέχει στην παραλία.
Δύο παιδιά παίζουν μπάλα στο χιόνι.
Η γυναίκα με το κόκκινο φόρεμα γελάει·
Τι κάνει ο άντρας; Ψαρεύει.
«Καλημέρα», λέει ο παππούς στο κορίτσι.
Ο ΣΚΎΛΟΣ ΚΟΙΜΆΤΑΙ ΚΆΤΩ ΑΠΌ ΤΟ ΤΡΑΠΈΖΙ.
Τ’ άλογο πηδάει πάνω απ’ τον φράχτη.
Τρεις άνθρωποι κάθονται σ' ένα παγκάκι, 5 μ. από τη θάλασσα.
Ένα ασπρόμαυρο γατί παΐδι — μαΐμου;
Ὁ ἵππος τρέχει εἰς τὸν ἀγρόν.""",
    "cyrillic": """Чёрная собака бежит по траве.
Мальчик и девочка играют в мяч на пляже.
«Осторожно!» — кричит тренер.
Женщина в красно-белом платье ест мороженое...
Двое мужчин сидят у реки, и т.д.
Дом №5 на ул. Садовой, 3-й этаж.
Хлопець їде на велосипеді; м’яч лежить під деревом.
Дівчина п'є чай і читає „Кобзар“.
Момчето скача във водата, а кучето ѝ лае.
Љубичаста патка плива поред џамије.""",
    "arabic": """يَجْرِي كَلْبٌ أَسْوَدُ عَلَى العُشْبِ.
وَلَدٌ وَبِنْتٌ يَلْعَبَانِ بِالكُرَةِ، ثُمَّ يَضْحَكَانِ.
هَلْ تَرَى القِطَّةَ البَيْضَاءَ؟
اِمْرَأَةٌ تَقْرَأُ كِتَابًا؛ وَرَجُلٌ يَنَامُ.
«مَرْحَبًا» مَكْتُوبَةٌ عَلَى اللَّافِتَةِ!
ثَلَاثَةُ رِجَالٍ يَرْكَبُونَ ١٢ جَمَلًا.
يَقِفُ الطِّفْلُ أَمَامَ المَدْرَسَةِ (وَحْدَهُ).
سَيَّارَةٌ حَمْرَاءُ - صَغِيرَةٌ - فِي الشَّارِعِ.
مُتَزَلِّجٌ يَقْفِزُ مِنْ ٣٫٥ أَمْتَارٍ.
جَمِيـلٌ هُوَ البَحْرُ عِنْدَ الغُرُوبِ…""",
    "hebrew": """כֶּלֶב שָׁחוֹר רָץ עַל הַדֶּשֶׁא.
יֶלֶד וְיַלְדָּה מְשַׂחֲקִים בְּכַדּוּר, בַּגַּן.
הַאִם הֶחָתוּל יָשֵׁן?
אִשָּׁה בְּשִׂמְלָה אֲדֻמָּה־לְבָנָה רוֹקֶדֶת!
״שָׁלוֹם״ כָּתוּב עַל הַשֶּׁלֶט.
חַיָּל שֶׁל צַהַ״ל עוֹמֵד לְיַד הָעֵץ.
גִּ׳ירָפָה אוֹכֶלֶת עָלִים; הַפִּיל שׁוֹתֶה מַיִם.
שְׁלוֹשָׁה אֲנָשִׁים (וְ־2 כְּלָבִים) עַל הַחוֹף.
אִישׁ זָקֵן קוֹרֵא עִתּוֹן - לְבַדּוֹ.
סוּס קוֹפֵץ מֵעַל הַגָּדֵר…""",
    "devanagari": """एक काला कुत्ता घास पर दौड़ रहा है।
दो बच्चे गेंद से खेल रहे हैं।
लड़की ने लाल फ़्रॉक पहनी है, और हँस रही है!
क्या बिल्ली सो रही है?
"नमस्ते" एक बोर्ड पर लिखा है।
आदमी नदी के किनारे मछली पकड़ता है; औरत पढ़ती है।
तीन लोग ५० मीटर ऊँची पहाड़ी पर चढ़ते हैं॥
बच्चा माता-पिता के साथ बैठा है।
सफ़ेद घोड़ा कूद रहा है…
एक मुलगा सायकल चालवत आहे व त्याची आई बघते.""",
    "thai": """สุนัขสีดำวิ่งบนสนามหญ้า
เด็กผู้ชายกับเด็กผู้หญิง เล่นลูกบอลที่ชายหาด
ผู้หญิงใส่ชุดสีแดงกำลังยิ้ม!
แมวนอนอยู่ไหน?
ชายสองคนนั่งริมแม่น้ำ, ตกปลา
ป้ายเขียนว่า "สวัสดี" ใหญ่ๆ
ม้า กระโดด ข้าม รั้ว
เด็ก ๆ ๓ คน กิน ข้าว ที่ กรุงเทพฯ
รถยนต์คันเล็ก (สีขาว) จอดอยู่หน้าบ้าน.
น้ำทะเลใส ฟ้าก็สวย""",
    "hangul": """검은 개가 풀밭 위를 달린다.
소년과 소녀가 해변에서 공놀이를 한다.
빨간 옷을 입은 여자가 웃고 있다!
고양이는 어디에서 자고 있니?
"안녕하세요"라고 적힌 간판이 있다.
두 남자가 강가에 앉아, 낚시를 한다.
말이 울타리를 뛰어넘는다…
아이 3명이 눈밭(언덕)에서 썰매를 탄다.
흰색·검은색 줄무늬 셔츠를 입은 사람
할머니께서 책을 읽으신다; 할아버지는 주무신다.""",
    "chinese": """一只黑色的狗在草地上奔跑。
两个孩子在海滩上玩球，笑得很开心！
穿红裙子的女人在做什么？
“你好”写在牌子上。
一个男人坐在河边钓鱼；他的妻子在看书。
三匹马跳过（很高的）栅栏……
2个男孩骑自行车、戴头盔
《红楼梦》放在桌子上，旁边有一杯茶。
小猫 在 沙发 上 睡觉 .
一隻白色的貓躺在二〇〇八年的報紙上。""",
}
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


def scripts():
    """{name: ten sentences}: those above; Arabic and Hebrew also without points, three also in decomposed form."""
    found = {name: text.splitlines() for name, text in SCRIPTS.items()}
    plain = {
        name: ["".join(filter(lambda one: not unicodedata.combining(one), line)) for line in found[name]]
        for name in ("arabic", "hebrew")
    }
    decomposed = {name: [unicodedata.normalize("NFD", line) for line in found[name]] for name in found}
    return (
        found
        | {f"{name} unpointed": lines for name, lines in plain.items()}
        | {f"{name} decomposed": decomposed[name] for name in ("latin", "greek", "hangul")}
    )


def characters():
    """Some assigned characters beyond ASCII, always the same, each alone, between letters and between digits."""
    known = [
        one
        for one in map(chr, [*range(0xA0, 0x3200), *range(0xA000, 0x20000)])
        if unicodedata.category(one) not in ("Cn", "Co", "Cs", "Zl", "Zp")
    ]
    return [f"{one} x{one}y 5{one}5" for one in random.Random(8).sample(known, 500)]


def run_tokeniser(captions):
    """What pycocoevalcap's tokeniser makes of each caption: a string of words. One run for all; it needs Java."""
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    answers = PTBTokenizer().tokenize({number: [{"caption": caption}] for number, caption in enumerate(captions)})
    return [" ".join(answers[number][0].split()) for number in range(len(captions))]


def rows(captions):
    """[caption, answer] pairs as lines of JSON."""
    # The tool reads across the line's end ("plan B." loses its stop before a line with "The"): part the lines.
    answers = run_tokeniser([line for caption in captions for line in (caption, "and")])[::2]
    return ",\n".join(json.dumps(pair) for pair in zip(captions, answers, strict=True))


if __name__ == "__main__":
    note = {"made_by": "python tests/make_ptb_sentences.py", "tool": "pycocoevalcap 1.2, Stanford CoreNLP 3.4.1"}
    target = Path(__file__).parent / "data_files" / "ptb_sentences.json"
    parts = {"sentences": sentences(), "characters": characters()} | scripts()
    text = "".join(f',\n"{name}": [\n{rows(captions)}\n]' for name, captions in parts.items())
    target.write_text(json.dumps(note)[:-1] + text + "}\n")
    print(f"{sum(map(len, parts.values()))} sentences in {target}")
