"""Subtitles: what is said, once and in whole sentences, with the time at which it is."""

import pytest

from quoth.documents.reading import parse
from quoth.errors import FormatError, NoTextError


def read(text: str, name: str = "a.vtt"):
    document = parse(name, text.encode())
    return [(p.heading, document.text[p.start : p.end]) for p in document.paragraphs]


VTT = """WEBVTT - The otter film
Kind: captions

STYLE
::cue { color: lime }

NOTE written by hand
in two lines

intro
00:01.000 --> 00:04.500 align:start position:0%
<v Ann Lee>The otter <i>hunts</i> &amp; sleeps
<v Ann Lee>in the river.

00:04.500 --> 00:07.000
<v.loud Ben>How often?</v>

01:02:09.500 --> 01:02:12.000
<c.yellow>It's <b>20</b> times</c> a day &lt;3
"""


def test_cues_are_joined_to_paragraphs_with_their_speaker_and_their_time():
    assert read(VTT) == [
        ("00:00:01", "Ann Lee: The otter hunts & sleeps in the river."),
        ("00:00:04", "Ben: How often?"),
        ("01:02:09", "It's 20 times a day <3"),
    ]
    assert parse("a.vtt", VTT.encode()).title == "The otter film"


SRT = """1
00:00:01,000 --> 00:00:03,000
{\\an8}<font color="#ffff00">The otter eats</font>

about 3
2
00:00:03,100 --> 00:00:05,000
kilos a day.
- Really?

3
00:00:30,000 --> 00:00:31,000
- Yes.
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_subrip_keeps_what_stands_below_a_blank_line(end):
    assert read(SRT.replace("\n", end), "a.srt") == [
        ("00:00:01", "The otter eats about 3 kilos a day.\n- Really?"),
        ("00:00:30", "- Yes."),
    ]


def test_lines_that_roll_up_the_screen_are_read_once():
    shown = ["so today we", "talk about otters", "and their rivers", "and what they eat"]
    cues = [f"00:00:0{n}.000 --> 00:00:0{n}.990\n{shown[n - 1] if n else ' '}\n{shown[n]}" for n in range(4)]
    # As programs write them that transcribe: each line alone for a moment in between
    cues = [
        part for n, cue in enumerate(cues) for part in (cue, f"00:00:0{n}.990 --> 00:00:0{n + 1}.000\n{shown[n]}\n ")
    ]
    assert read("WEBVTT\n\n" + "\n\n".join(cues)) == [("00:00:00", " ".join(shown))]


def test_lines_that_grow_by_a_word_are_read_once():
    words = ["the", "otter", "hunts", "in", "the", "river", "at", "night"]
    cues = [f"00:00:{n:02}.000 --> 00:00:{n + 1:02}.000\n{' '.join(words[: n + 1])}" for n in range(len(words))]
    assert read("WEBVTT\n\n" + "\n\n".join(cues)) == [("00:00:00", " ".join(words))]


def test_what_is_said_twice_is_read_twice():
    cues = [
        f"00:00:{n:02}.000 --> 00:00:{n + 1:02}.000\n{said}"
        for n, said in enumerate(["No.", "No.", "Why?", "Why not?", "So."])
    ]
    assert read("WEBVTT\n\n" + "\n\n".join(cues)) == [("00:00:00", "No. No. Why? Why not? So.")]


def test_paragraphs_of_a_long_speech_end_with_sentences_and_know_their_time():
    said = ["The otter goes on hunting in the cold river", "all night long without a pause."] * 40
    cues = [
        f"{n}\n00:{n // 20:02}:{n % 20 * 3:02},000 --> 00:{n // 20:02}:{n % 20 * 3 + 3:02},000\n{line}"
        for n, line in enumerate(said)
    ]
    found = read("\n\n".join(cues), "a.srt")
    assert " ".join(text for _, text in found) == " ".join(said)
    assert all(text.endswith("pause.") and 300 < len(text) < 400 for _, text in found[:-1])
    assert [heading for heading, _ in found[:3]] == ["00:00:00", "00:00:24", "00:00:48"]


def test_scripts_without_spaces_are_joined_without():
    text = "1\n00:00:01,000 --> 00:00:02,000\n水獭在河里\n\n2\n00:00:02,000 --> 00:00:03,000\n捕鱼。\n"
    assert read(text, "a.srt") == [("00:00:01", "水獭在河里捕鱼。")]


@pytest.mark.parametrize("text", ["1\n\n2\n", "Otters hunt at 00:01 --> night.\n", "{1}{20}Frames"])
def test_a_file_without_times_is_refused_in_words(text):
    with pytest.raises(FormatError, match=r"a\.srt holds no subtitle with its times"):
        parse("a.srt", text.encode())


@pytest.mark.parametrize("text", ["WEBVTT\n\n00:01.000 --> 00:02.000\n<b></b>\n", "WEBVTT\n\nNOTE no cue\n"])
def test_subtitles_without_text_are_told(text):
    with pytest.raises(NoTextError, match="no subtitle with any text"):
        parse("a.vtt", text.encode())


def test_times_and_breaks_as_careless_programs_write_them_are_read():
    text = "1\n0:0:6,7 -> 0:0:9\nfirst\\Nsecond\\hthird\n"
    assert read(text, "a.srt") == [("00:00:06", "first second third")]


def test_hostile_cues_are_read_in_linear_time():
    line = "<v " + "<" * 100_000 + "{\\" * 100_000 + "-" * 1000
    found = read(f"WEBVTT\n\n99:59:59.999 --> 00:00:00.000\n{line}\n" + "9" * 100_000 + ":00:00.000 --> 1\n")
    assert found[0][0] == "99:59:59"


def test_times_without_leading_zeros_are_read():
    assert read("WEBVTT\n\n0:0:0.0 --> 0:0:3.540\nGood morning.\n") == [("00:00:00", "Good morning.")]
