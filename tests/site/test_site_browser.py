"""What a reader sees, from disk, in headless Chromium: nothing leaves the machine, and nothing fails."""

from contextlib import contextmanager

import pytest
from browser import picture, quiet

pytestmark = pytest.mark.browser

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LESSON = "lessons/03_emergence_of_classification.html"
LONG = 120_000
"""Milliseconds after which what is waited for will not come. All waits are for something that can be seen."""

MOVER = "window.moverData && document.querySelector('.mover output').textContent && document.querySelector('.mover-faces').naturalWidth"
"""Whether the front page's picture is all there."""


@pytest.fixture
def open_page(chromium, site):
    """Opens a page of the site from disk; at its end no request has left and no error was told."""

    @contextmanager
    def opened(address, viewport=DESKTOP, **settings):
        context = chromium.new_context(viewport=viewport, **settings)
        context.set_default_timeout(LONG)
        page = context.new_page()
        with quiet(page):
            page.goto((site / address).as_uri())
            page.wait_for_load_state()
            yield page
        context.close()

    return opened


def shows(element, text):
    """Waits until an element says something, among other things."""
    element.filter(has_text=text).wait_for()


def drawing(page):
    return page.locator(".mover canvas").screenshot()


def test_dots_move_on_the_front_page_until_they_are_stopped(open_page):
    with open_page("index.html") as page:
        page.wait_for_function(MOVER)
        first = drawing(page)
        page.wait_for_function("Number(document.querySelector('.mover input').value) > 4")
        assert drawing(page) != first
        page.click(".mover button")
        stopped = drawing(page)
        page.wait_for_timeout(500)  # in which nothing may happen
        assert drawing(page) == stopped and page.inner_text(".mover button") == "Play"
        page.focus(".mover input")
        page.keyboard.press("End")
        assert drawing(page) != stopped
        assert page.inner_text(".mover output").startswith("step 1,560, ")
        picture(page, "front_desktop")
        assert "Before training" in page.get_attribute(".mover canvas", "aria-label")


@pytest.mark.parametrize(
    ("viewport", "parts"),
    [(DESKTOP, ["article pre", "article .md-button--primary"]), (PHONE, [".mover figcaption"])],
    ids=["desktop", "phone"],
)
def test_the_first_screen_shows_what_this_is(open_page, viewport, parts):
    with open_page("index.html", viewport, reduced_motion="reduce") as page:
        page.wait_for_function(MOVER)
        for part in ["h1", ".mover canvas", ".mover-controls", *parts]:
            box = page.locator(part).first.bounding_box()
            assert box["y"] + box["height"] <= viewport["height"], f"{part} is not on the first screen"
        picture(page, f"front_{'phone' if viewport == PHONE else 'desktop'}_first")


def test_nothing_moves_for_who_wants_no_motion(open_page):
    with open_page("index.html", reduced_motion="reduce") as page:
        page.wait_for_function(MOVER)
        first = drawing(page)
        page.wait_for_timeout(1000)  # in which nothing may happen
        assert drawing(page) == first and page.inner_text(".mover output").startswith("step 1,560, ")


def test_an_atlas_lies_within_its_page(open_page):
    with open_page("atlas.html") as page:
        frame = page.frame_locator("iframe").first
        frame.locator(".panel canvas").nth(11).wait_for()
        page.locator("iframe").first.scroll_into_view_if_needed()
        shows(frame.locator("#now strong"), "step 312")
        labels = frame.locator('[data-panel="map"] h3').all_text_contents()
        assert labels == ["1: TensorFlow", "2: PyTorch"]
        frame.locator("#slider").press("Home")
        shows(frame.locator("#now strong"), "untrained")
        shows(frame.locator('[data-panel="filters"]'), "This is the untrained network.")
        picture(page, "atlas_within")
        with page.context.expect_page() as opened:
            frame.locator("#whole").click()
        with quiet(opened.value) as alone:
            alone.locator(".panel canvas").nth(11).wait_for()
            assert alone.url.endswith("atlas/default/index.html#step=0")
            assert alone.locator("#whole").is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_atlas_is_as_light_or_dark_as_its_page(open_page, scheme):
    other = "light" if scheme == "dark" else "dark"
    with open_page("atlas.html", color_scheme=scheme) as page:
        frame = page.frame_locator("iframe").first
        frame.locator(f"html[data-theme='{scheme}']").wait_for()
        page.locator(f"label[title='Switch to {other}']").click()
        frame.locator(f"html[data-theme='{other}']").wait_for()
        picture(page, f"atlas_within_{other}")
        page.reload()  # the page remembers, and tells it anew
        frame.locator(f"html[data-theme='{other}']").wait_for()


def test_parts_that_add_up_lie_beside_parts_that_must_be_bound(open_page):
    with open_page("atlas/kinds/index.html") as page:
        page.locator(".panel canvas").nth(11).wait_for()
        shown = page.locator('[data-panel="graph"] h3').all_text_contents()
        assert [text.split(" · ")[0] for text in shown] == ["1: additive code", "2: conjunctive code"]
        picture(page, "atlas_kinds", full_page=True)


def test_tabs_switch_everywhere_at_once(open_page):
    with open_page(LESSON) as page:
        shown = "tab => [...document.querySelectorAll('.tabbed-block img')].filter(i => i.offsetParent && i.src.includes(tab)).length"
        assert page.evaluate(shown, "/tensorflow/") > 2 and page.evaluate(shown, "/torch/") == 0
        page.locator(".tabbed-labels label", has_text="PyTorch").first.click()
        page.wait_for_function(f"({shown})('/tensorflow/') === 0")
        assert page.evaluate(shown, "/torch/") > 2
        image = page.locator(".tabbed-block img:visible").first
        image.scroll_into_view_if_needed()
        page.wait_for_function("image => image.naturalWidth > 600", arg=image.element_handle())


def test_a_solution_unfolds(open_page):
    with open_page(LESSON) as page:
        solution = page.locator("details", has_text="def ceiling(").first
        assert not solution.locator("pre").first.is_visible()
        solution.locator("summary").click()
        solution.locator("pre").first.wait_for()


@pytest.mark.parametrize(("word", "place"), [("conjunction", "#conjunction"), ("plateau", "#plateau")])
def test_search_explains_a_word_from_disk(open_page, word, place):
    with open_page("index.html") as page:
        page.locator("input.md-search__input").press_sequentially(word)  # the page listens to keys
        found = page.locator(".md-search-result__item").first
        found.locator(f"a[href$='{place}']").wait_for()
        assert "glossary.html" in found.locator("a").first.get_attribute("href")
        picture(page, f"search_{word}")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_its_screen(open_page, site, viewport):
    with open_page("index.html", viewport, reduced_motion="reduce") as page:
        for path in sorted(site.glob("**/*.html")):
            address = path.relative_to(site).as_posix()
            if address == "404.html" or address.startswith("atlas/"):
                continue
            page.goto(path.as_uri())
            wide = page.evaluate("document.scrollingElement.scrollWidth")
            assert wide <= viewport["width"], f"{address} is {wide} pixels wide"
            name = f"{address.replace('/', '-')[:-5]}_{'phone' if viewport == PHONE else 'desktop'}"
            picture(page, name, full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_are_on_the_readers_paper(open_page, scheme):
    with open_page(LESSON, color_scheme=scheme) as page:
        other = "light" if scheme == "dark" else "dark"
        assert page.locator(f"img[src$='#only-{scheme}']:visible").count() > 2
        assert page.locator(f"img[src$='#only-{other}']:visible").count() == 0
        picture(page, f"lesson_{scheme}")


def test_formulas_are_set(open_page, site):
    with open_page("index.html") as page:
        with_formulas = [
            path for path in site.rglob("*.html") if 'class="arithmatex"' in path.read_text(encoding="utf-8")
        ]
        assert with_formulas
        for path in with_formulas:
            page.goto(path.as_uri())
            assert page.locator(".arithmatex").count() == page.locator(".arithmatex > .katex, .katex-display").count()


def test_on_paper_all_tabs_and_light_figures_are_seen(open_page):
    with open_page(LESSON, color_scheme="dark") as page:
        page.emulate_media(media="print")
        page.eval_on_selector_all("img", "all => all.forEach(image => { image.loading = 'eager'; })")  # as to print
        page.wait_for_function("[...document.images].every(image => image.complete)")
        assert page.locator("img[src*='/torch/'][src$='#only-light']:visible").count() > 2
        assert page.locator("img[src$='#only-dark']:visible").count() == 0
        picture(page, "lesson_print", full_page=True)


def test_on_paper_all_lies_open(open_page):
    opened = "[...document.querySelectorAll('article details')].filter(each => each.open).length"
    with open_page(LESSON) as page:
        page.locator("details summary").first.click()
        page.evaluate(f"window.addEventListener('beforeprint', () => {{ window.onPaper = {opened}; }})")
        page.pdf()
        page.wait_for_function("window.onPaper")
        assert page.evaluate("window.onPaper") == page.locator("article details").count() > 2
        page.wait_for_function(f"{opened} === 1")
