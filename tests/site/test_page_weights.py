"""What a page loads is found, counted once, and told."""

import csv

import pytest

PAGE = """<link rel="stylesheet" href="../a%20style.css"><link rel="next" href="two.html"><script src="../one.js"></script>
<script id="__config" type="application/json">{"base": "..", "search": "../worker.js"}</script>
<img src="../face.webp#only-light"><img src="../night.webp#only-dark"><img src="../face.webp"><img src="data:,">
<figure data-source="../one.js"></figure><script>var mine</script><a href="../large.webp">large</a>"""
SIZES = {"a style.css": 10, "one.js": 200, "worker.js": 3000, "face.webp": 40_000, "night.webp": 7, "large.webp": 7}


@pytest.fixture
def site(tmp_path):
    """Two pages: one with a little of all, and one that shows it within itself."""
    for name, size in SIZES.items():
        (tmp_path / name).write_bytes(b"." * size)
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "search_index.js").write_bytes(b"." * 500_000)
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "one.html").write_text(PAGE)
    (tmp_path / "atlas" / "runs").mkdir(parents=True)
    (tmp_path / "atlas" / "index.html").write_text('<script src="../one.js"></script>')
    (tmp_path / "atlas" / "runs" / "fetched.js").write_bytes(b"." * 6_000_000)
    (tmp_path / "404.html").write_text('<img src="/nowhere.webp">')
    (tmp_path / "index.html").write_text('<iframe src="lessons/one.html"></iframe><img src="face.webp">')
    return tmp_path


def test_each_file_that_a_page_loads_counts_once(tool, site):
    outer, inner = (site / name for name in ("index.html", "lessons/one.html"))
    own, within, alone = (path.stat().st_size for path in (outer, inner, site / "atlas" / "index.html"))
    loads = [10, 200, 40_000, 503_000]
    assert tool("page_weights").page_weights(site) == [
        ["atlas/index.html", alone, 0, 6_000_200, 0, 0, alone + 6_000_200],
        ["index.html", own + within, *loads, own + within + sum(loads)],
        ["lessons/one.html", within, *loads, within + sum(loads)],
    ]


def test_what_is_not_there_is_told(tool, site):
    (site / "one.js").unlink()
    with pytest.raises(SystemExit, match=r"index.html loads ../one.js, which is not there."):
        tool("page_weights").page_weights(site)


def test_the_table_is_in_bytes_and_its_page_in_kilobytes(tool, tmp_path):
    tool("page_weights").write([["index.html", 1600, 0, 400, 0, 10**6, 1_002_000]], "Built in 2.0 seconds.", tmp_path)
    with (tmp_path / "page_weights.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["page"] == "index.html" and row["html"] == "1600" and row["all"] == "1002000"
    page = (tmp_path / "page_weights.md").read_text()
    assert "Built in 2.0 seconds." in page and "| index.html | 2 | 0 | 0 | 0 | 1000 | 1002 |" in page


def test_a_site_that_cannot_be_built_ends_the_command(tool, tmp_path, monkeypatch):
    module = tool("page_weights")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="The site cannot be built"):
        module.main(["--out", str(tmp_path)])
