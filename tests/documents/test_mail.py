"""Mails: what they say, below their subject, with who wrote it and when."""

import base64
import mailbox
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from quoth.documents.mail import read_eml, read_mbox
from quoth.errors import FormatError, NoTextError, SourceError


def message(text: str = "The otter came back.\n", subject: str = "Otters", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = headers.pop("sender", "Anna Flint <anna@river.example>")
    mail["To"] = "ben@river.example"
    mail["Date"] = headers.pop("date", "Fri, 03 May 2024 10:22:00 +0200")
    mail["Message-ID"] = "<1@river.example>"
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    return mail


def read(mail, reader=read_eml):
    contents = reader(mail if isinstance(mail, bytes) else mail.as_bytes(), "a.eml")
    return [(p.heading, contents.text[p.start : p.end]) for p in contents.paragraphs]


HEAD = "From: Anna Flint <anna@river.example>\nTo: ben@river.example\nDate: 2024-05-03 10:22"
PLACE = "Otters > Anna Flint, 2024-05-03 10:22"


def test_a_mail_stands_below_its_subject_with_its_writer_and_its_date_as_the_place():
    assert read(message()) == [(PLACE, HEAD), (PLACE, "The otter came back.")]
    assert read_eml(message().as_bytes(), "a.eml").title == "Otters"


def test_of_two_forms_the_plain_one_is_read_and_html_where_there_is_no_other():
    mail = message()
    mail.add_alternative("<p>The <b>otter</b> came back, in colour.</p>", subtype="html")
    assert read(mail)[1:] == [(PLACE, "The otter came back.")]
    mail = message(" \n")
    mail.add_alternative("<style>p{}</style><p>The <b>otter</b> is back.</p><ul><li>Wet<li>Well</ul>", subtype="html")
    assert [text for _, text in read(mail)[1:]] == ["The otter is back.", "Wet\nWell"]


def test_what_a_mail_quotes_is_read_without_marks_and_the_place_says_so():
    found = read(message("Yes.\n\nBen wrote:\n> Is the otter\n> back?\n>> Who knows.\n\nSoon more.\n"))
    assert found[1:] == [
        (PLACE, "Yes."),
        (PLACE, "Ben wrote:"),
        (f"{PLACE}, quoting", "Is the otter\nback?\nWho knows."),
        (PLACE, "Soon more."),
    ]


def test_paragraphs_that_flow_are_joined():
    mail = MIMEText("The otter came \nback to the river.\n\nOn its \nown.\n-- \nAnna\n", _charset="utf-8")
    mail.set_param("format", "flowed")
    texts = [text for _, text in read(mail)]
    assert texts[0] == "The otter came back to the river." and texts[1].startswith("On its own.")


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1251", "iso-2022-jp", "gb2312"])
def test_encodings_of_subject_and_text_are_told_by_the_mail(charset):
    words = {"windows-1251": "Выдра вернулась", "iso-2022-jp": "かわうそ", "gb2312": "水獭"}.get(
        charset, "Größe für Otter"
    )
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@b.example", "x"
    mail.set_content(words + "\n", charset=charset, cte="base64")
    subject = f"Subject: =?{charset}?B?{base64.b64encode(words.encode(charset)).decode()}?="
    data = mail.as_bytes().replace(b"Subject: x", subject.encode())
    assert read(data)[-1] == (f"{words} > a@b.example", words)


def test_headers_that_break_the_rules_are_read_as_far_as_they_go():
    data = "Subject: Größe =?x-none?Q?a?= =?utf-8?B?!!!?=\nFrom: Zoë, Otter & Co\nDate: yesterday\n\nText.\n"
    for encoding in ("utf-8", "latin-1"):
        found = read(data.encode(encoding))
        assert found[-1][1] == "Text." and found[-1][0].startswith("Größe")


def test_attachments_are_named_and_not_opened():
    mail = message()
    mail.add_attachment(b"PK\x03\x04", maintype="application", subtype="zip", filename="größe.zip")
    mail.add_attachment("secret words", filename="notes.txt")
    mail.add_attachment("secret words without a name")
    texts = [text for _, text in read(mail)]
    assert texts[-1] == "Attached: größe.zip, notes.txt, text/plain"
    assert not any("secret" in text for text in texts)


def test_a_mail_within_a_mail_is_read():
    outer = message("See below.\n")
    outer.add_attachment(message("The inner words.\n", subject="Inner"))
    assert "The inner words." in [text for _, text in read(outer)]


def mbox(tmp_path, *mails) -> bytes:
    box = mailbox.mbox(tmp_path / "box")
    for mail in mails:
        stored = mailbox.mboxMessage(mail)
        stored.set_from("anna@river.example", time_=(2024, 5, 3, 10, 22, 0, 4, 124, 0))
        box.add(stored)
    box.close()
    return (tmp_path / "box").read_bytes()


def test_a_mailbox_is_its_mails_one_after_the_other(tmp_path):
    data = mbox(
        tmp_path,
        message("From the river:\nit is back.\n"),
        message("Where?\n", "Re: Otters", sender="ben@river.example"),
    )
    assert b"\n>From the river" in data
    found = read(data, read_mbox)
    assert (PLACE, "From the river:\nit is back.") in found
    assert ("Re: Otters > ben@river.example, 2024-05-03 10:22", "Where?") in found
    assert read_mbox(data, "a.mbox").title is None


def test_what_a_mail_repeats_of_those_before_is_counted_and_no_prose(tmp_path):
    first = message("The otter came back\nto the river in May.\n")
    reply = message("Good news.\n\n> The otter came back\n> to the river in May.\n> Did you see it?\n\n", "Re: Otters")
    again = message("> The otter came back\n> to the river in May.\n\nAgain.\n", "Re: Otters")
    contents = read_mbox(mbox(tmp_path, first, reply, again), "a.mbox")
    prose = [
        (contents.text[p.start : p.end], p.prose) for p in contents.paragraphs if p.heading and "From:" not in p.heading
    ]
    otters = [(text, is_prose) for text, is_prose in prose if text.startswith("The otter")]
    assert [is_prose for _, is_prose in otters] == [True, True, False]


def test_a_page_that_a_browser_saved_as_a_mail_is_read_as_a_page():
    mail = MIMEMultipart("related")
    mail["From"], mail["Subject"] = "<Saved by Blink>", "Otters"
    mail["Snapshot-Content-Location"] = "https://river.example/otters"
    body = f"<nav><a href=/>Home</a></nav><main><h1>Otters</h1><p>{'They swim. ' * 20}</p></main>"
    mail.attach(MIMEText(f"<html><title>Otters</title>{body}", "html", "utf-8"))
    contents = read_eml(mail.as_bytes(), "a.mhtml")
    assert contents.uri == "https://river.example/otters" and contents.title == "Otters"
    assert contents.text == f"Otters\n\n{('They swim. ' * 20).strip()}"


def nested(depth: int, rfc822: bool = False) -> bytes:
    data = b"From: a@b.example\nSubject: x\nMIME-Version: 1.0\n"
    for level in range(depth):
        if rfc822:
            data += b"Content-Type: message/rfc822\n\nSubject: y\n"
        else:
            data += b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level)
    return data + b"Content-Type: text/plain\n\nWords.\n"


@pytest.mark.parametrize("rfc822", [False, True])
@pytest.mark.parametrize("depth", [60, 5_000])
def test_parts_nested_without_end_are_refused(depth, rfc822):
    with pytest.raises(FormatError, match=r"a\.eml is a (damaged mail|mail whose parts stand)"):
        read(nested(depth, rfc822))


def test_a_mail_of_countless_parts_is_refused():
    parts = b"--b\nContent-Type: text/plain\n\nx\n" * 3_000
    with pytest.raises(FormatError, match="parts"):
        read(b'From: a@b.example\nContent-Type: multipart/mixed; boundary="b"\n\n' + parts)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00" * 100,
        b"Content-Type: multipart/alternative\n\nx",
        b"Content-Type: text/plain; charset*=x''%ff%00\nContent-Transfer-Encoding: base64\n\n!=\n",
        b"Content-Type: text/plain; charset=base64\nContent-Transfer-Encoding: x-uue\n\nbegin 644 a\n#0V%T\n",
        b"From: " + b"<" * 30_000 + b"\nSubject: " + b"=?" * 30_000 + b"\n\nx",
        b"From: " + b"(" * 30_000 + b"\nDate: " + b"9" * 5_000 + b"\n\nx",
        b"From: " + b'"a\\",' * 9_000 + b"\n\nx",
        b"",
    ],
    ids=range(8),
)
def test_what_is_no_mail_is_read_or_refused_in_words(data):
    try:
        read(data)
    except SourceError as error:
        assert "a.eml" in str(error)


def test_a_mailbox_that_is_none_is_refused():
    with pytest.raises(FormatError, match="no mailbox"):
        read_mbox(b"Dear all,\n\nFrom here on\n", "a.mbox")


def test_nothing_is_told_so():
    with pytest.raises((NoTextError, FormatError)):
        read(b"\n\n")
