"""Public data sets as the stance model reads them: classify/train/sets.go has the mapping of their own labels to stances,
and this is the same in Python (but for VADER's lexicon, whose rows are words, not posts).
"""
import gzip

EMOTIONS = {e: s for s, names in {
    "support": "gratitude caring admiration",
    "venting": "anger annoyance disappointment disapproval disgust",
    "neutral": "neutral curiosity confusion realization surprise",
}.items() for e in names.split()}
CRISIS = {"Sympathy and support": "support", "Other Useful Information": "neutral", "Affected individuals": "neutral",
          "Infrastructure and utilities": "neutral", "Caution and advice": "neutral"}
POLARITY = {"positive": "support", "negative": "venting", "neutral": "neutral"}


def table(path):
    """The rows of a file of fields parted by tabs, by the names in its header line."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8", newline="\n") as f:
        names = f.readline().rstrip("\r\n").split("\t")
        for line in f:
            yield dict(zip(names, line.rstrip("\r\n").split("\t")))


def go_emotions(r):
    stances = {EMOTIONS.get(e) for e in r["labels"].split(",")}
    return stances.pop() if len(stances) == 1 else None


def incivility(r):
    return {"None": "neutral", "": None}.get(r["tbdf"], "venting")


def complaints(r):
    severe = r["severity"] in ("2", "3", "4") or r["severity"] == "1" and r["emotion"] == "anger"
    return "venting" if severe else "neutral"


def polarity(r):
    return POLARITY.get(r["polarity"])


def premo(r):
    stance = polarity(r)
    return None if stance == "venting" and "anger" not in r["majority_emotions"] else stance


# set, files, weight of a row, label of a row
SETS = [
    ("goemotions", ["train.tsv.gz", "dev.tsv.gz", "test.tsv.gz"], 0.3, go_emotions),
    ("crisislext26", ["crisislext26_labeled.tsv.gz"], 0.3, lambda r: CRISIS.get(r["information_type"])),
    ("github-incivility", ["annotated_comment_level.tsv.gz"], 0.3, incivility),
    ("complaints-x-ci", ["x_ci.tsv.gz"], 0.5, complaints),
    ("premo-pull-requests", ["premo.tsv.gz"], 0.2, premo),
    ("senti4sd", ["train.tsv.gz", "test.tsv.gz"], 0.3, polarity),
    ("isarcasmeval", ["train_en.tsv.gz"], 0, lambda r: None),
    ("vader-tweets-groundtruth", ["tweets_groundtruth.tsv.gz"], 0, lambda r: None),
]


def rows(folder):
    """(text, stance or None, weight) of every row."""
    for name, files, weight, label in SETS:
        for file in files:
            for r in table(f"{folder}/{name}/{file}"):
                yield r.get("text") or r.get("tweet") or "", label(r), weight
