"""The package for learning platforms: its manifest names all files, its page opens the lesson."""

from urllib.parse import parse_qs
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from lesson_helpers import SHORT

from dashboard.cli.main import main
from dashboard.lessons.query import read_query
from dashboard.site.scorm import MANIFEST, PAGE, read_lesson_file, write_scorm
from dashboard.site.site_files import SiteError

SPACE = {
    "ims": "http://www.imsproject.org/xsd/imscp_rootv1p1p2",
    "adlcp": "http://www.adlnet.org/xsd/adlcp_rootv1p2",
}


def test_the_package_is_the_site_with_a_manifest_and_a_page_around_it(tmp_path):
    site, lesson, package = tmp_path / "site", tmp_path / "short.toml", tmp_path / "site.zip"
    (site / "data").mkdir(parents=True)
    (site / "index.html").write_text("<p>page")
    (site / "data" / "a&b.bin").write_bytes(b"\0")
    lesson.write_text(SHORT.replace("A short lesson", "Short & <good>"))
    title, query = read_lesson_file(lesson)
    write_scorm(site, title, query, package)
    with ZipFile(package) as opened:
        names = set(opened.namelist())
        tree = ElementTree.fromstring(opened.read(MANIFEST))
        page = opened.read(PAGE).decode()
    assert {"index.html", "data/a&b.bin", PAGE, "scorm.js", MANIFEST} == names
    assert tree.findtext(".//ims:schemaversion", namespaces=SPACE) == "1.2"
    assert tree.findtext(".//ims:item/ims:title", namespaces=SPACE) == "Short & <good>"
    [resource] = tree.findall(".//ims:resource", SPACE)
    assert resource.get("href") == PAGE
    assert resource.get(f"{{{SPACE['adlcp']}}}scormtype") == "sco"
    listed = {it.get("href") for it in resource.findall("ims:file", SPACE)}
    assert listed == names - {MANIFEST}
    assert f'data-query="{query}"' in page
    assert read_query(query).lesson.title == "Short & <good>"


def test_what_is_no_lesson_is_refused_before_anything_is_built(tmp_path, capsys):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("title = 1")
    with pytest.raises(SiteError, match=r"wrong\.toml"):
        read_lesson_file(wrong)
    arguments = ["site", str(tmp_path / "out")]
    assert main([*arguments, "--scorm", "--lesson", str(wrong)]) == 1
    assert main([*arguments, "--scorm"]) == 2
    assert main([*arguments, "--lesson", str(wrong)]) == 2
    assert not (tmp_path / "out").exists()
    assert "expected" in capsys.readouterr().err


def test_a_task_is_opened_as_a_task(tmp_path):
    task = tmp_path / "task.toml"
    task.write_text('title = "T"\ntext = "Do."\npane = "digits"\ngoal = ["epoch >= 1"]\n')
    title, query = read_lesson_file(task)
    assert (title, list(parse_qs(query))) == ("T", ["task-text"])
