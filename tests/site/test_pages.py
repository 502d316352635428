"""The built site: every address leads somewhere, nothing is fetched from elsewhere, every picture has a text."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qsl, unquote, urlparse

import pytest

RESOURCES = {
    "img": ("src", "srcset"), "script": ("src",), "link": ("href",), "iframe": ("src",), "source": ("src", "srcset"),
    "video": ("src", "poster"), "object": ("data",), "figure": ("data-source",), "use": ("href",), "embed": ("src",),
}  # fmt: skip

VIEW = {"step", "layer", "colour", "filters", "scale", "show", "curves", "unit", "exemplar", "edge"}
"""What the address of an atlas can say."""


class Page(HTMLParser):
    """Links, resources, anchors and pictures of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.resources, self.anchors, self.pictures = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "link" and attributes.get("rel") in ("canonical", "prev", "next"):
            return
        self.resources += [attributes[name] for name in RESOURCES.get(tag, ()) if attributes.get(name)]
        if tag == "img":
            self.pictures.append(attributes)


@pytest.fixture(scope="session")
def pages(site):
    """Path -> page. The page of what is not found is left out: it knows no folder of its own."""
    return {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html") if path.name != "404.html"}


def leads_somewhere(fragment, target, page):
    """Whether a page has an anchor, or, as an atlas, could show the view that a fragment describes."""
    if not fragment or page is None:
        return True
    if "atlas" in target.parent.parts and target.name == "index.html":
        return {name for name, _ in parse_qsl(fragment, strict_parsing=True)} <= VIEW
    return fragment in page.anchors


def test_views_of_an_atlas_are_no_anchors(tmp_path):
    page, atlas = Page('<h1 id="top">'), tmp_path / "atlas" / "one" / "index.html"
    assert leads_somewhere("step=78&layer=dense", atlas, page) and not leads_somewhere("stop=78", atlas, page)
    assert leads_somewhere("top", tmp_path / "one.html", page)
    assert not leads_somewhere("step=78", tmp_path / "one.html", page)


def test_links_and_resources_lead_somewhere(pages):
    astray = []
    for path, page in pages.items():
        for address in page.links + page.resources:
            parts = urlparse(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.exists() or not leads_somewhere(unquote(parts.fragment), target, pages.get(target)):
                astray.append(f"{path.name}: {address}")
    assert not [address for address in astray if not address.endswith(("#only-light", "#only-dark"))]


def test_nothing_is_fetched_from_elsewhere(pages, site):
    assert not [address for page in pages.values() for address in page.resources if re.match(r"(https?:)?//", address)]
    for path in site.rglob("*.css"):
        for address in re.findall(r"url\(([^)]+)\)", path.read_text(encoding="utf-8")):
            address = address.strip("\"'")
            assert address.startswith(("data:", "#")) or (path.parent / address.split("?")[0]).exists(), (path, address)
    for path in pages:
        assert "unpkg.com" not in path.read_text(encoding="utf-8") and "fonts.g" not in path.read_text(encoding="utf-8")


def test_pictures_have_texts(pages):
    assert any(page.pictures for page in pages.values())
    for path, page in pages.items():
        for picture in page.pictures:
            assert picture.get("alt") or "hidden" in picture, (path.name, picture)


def test_every_lesson_has_a_page_with_downloads_figures_and_solutions(pages, site):
    for number in range(1, 12):
        (path,) = (site / "lessons").glob(f"{number:02}_*.html")
        page, text = pages[path], path.read_text(encoding="utf-8")
        assert "index.html#run-a-script-or-a-notebook" in page.links, path.name
        for suffix in ("py", "ipynb"):
            assert any(link.endswith(f"downloads/{path.stem}.{suffix}") for link in page.links), path.name
        for backend in ("tensorflow", "torch"):
            assert any(f"outputs/{backend}/{number:02}/" in image["src"] for image in page.pictures), (
                path.name,
                backend,
            )
        assert "Predict first" in text and "arXiv" in text
        assert number < 3 or "<details" in text, path.name
