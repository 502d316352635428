"""The atlas in headless Chromium, opened from disk, on a made-up run."""

import base64
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from browser import picture, quiet
from PIL import Image

import dense_keras
from dense_keras.figures import palette

VIEWER = Path(dense_keras.__file__).parent / "atlas" / "viewer"
PANELS = ("map", "curves", "filters", "graph", "decodability", "confusion")
STEPS = [0, 1, 4, 16, 64, 78, 156, 234]
NAME = "<script>window.broken = 1</script> & \"quotes\" 'n' ünïcode 名前"
TOKENS = ["Ada", "<b>Ben</b>", 'Cleo "C" & Co', "Дов", "Eva O'Hara"]
LAYERS = {"conv1": (8, 16), "conv2": (12, 8), "dense": (10, 0), "logits": (5, 0)}
EXEMPLARS = 60


def run_data(steps=STEPS, parts=("hair", "eyes"), name=NAME, number=1, exemplars=EXEMPLARS, layers=LAYERS):
    """What an export writes of a run, with made-up numbers: tokens separate as training goes on."""
    generator = np.random.default_rng(number)
    learned = np.log1p(steps) / np.log1p(steps[-1])
    num_steps, num_tokens = len(steps), len(TOKENS)
    tokens = np.arange(exemplars) % num_tokens
    codes = np.stack([tokens % 2, tokens // 2 % 2], axis=1)[:, : len(parts)]
    kinds = [{"label": token, "token": index, "part": -1, "variant": -1} for index, token in enumerate(TOKENS)]
    kinds += [
        {"label": f"{part} {variant}", "token": -1, "part": index, "variant": variant}
        for index, part in enumerate(parts)
        for variant in range(2)
    ]
    right = generator.random((num_steps, exemplars)) < 0.2 + 0.8 * learned[:, np.newaxis]
    predicted = np.where(right, tokens, (tokens + 1) % num_tokens)
    known = (predicted == tokens).mean(axis=1)
    confusion = np.zeros((num_steps, num_tokens, num_tokens))
    np.add.at(confusion, (np.arange(num_steps)[:, np.newaxis], tokens, predicted), 1)
    directions = generator.normal(size=(num_tokens, 2))
    noise = generator.normal(size=(num_steps, exemplars, 2))
    points = 0.4 * noise + 3 * learned[:, np.newaxis, np.newaxis] * directions[tokens]
    chosen = list(layers)[-3:]
    shown = [list(range(min(6, layers[layer][0]))) for layer in chosen]
    starts = np.cumsum([0, *map(len, shown)])
    edges = np.array(
        [
            (starts[column] + one, starts[column + 1] + other)
            for column in range(len(chosen) - 1)
            for one in range(len(shown[column]))
            for other in range(len(shown[column + 1]))
        ]
    )
    strength = generator.normal(size=len(edges)) * learned[:, np.newaxis]
    responses = generator.normal(size=(len(edges), num_tokens))
    probed = [*parts, "token"] if parts else []
    return {
        "format": 3, "name": name, "backend": "tensorflow", "seed": 0, "tokenSet": "faces", "origin": None,
        "code": "additive" if parts else None, "steps": list(steps), "stepsPerEpoch": 78, "tokens": TOKENS,
        "parts": list(parts), "variants": [["0", "1"] for _ in parts], "kinds": kinds, "detectorAuc": 0.9,
        "missing": {} if parts else {"decodability": "Nobody knows the parts of <these> tokens."},
        "layers": [{"name": layer, "units": units, "side": side} for layer, (units, side) in layers.items()],
        "exemplars": {
            "count": exemplars, "side": 32, "tokens": packed(tokens, "u1"), "codes": packed(codes, "i1") if parts else None,
            "factors": {"yaw": packed(generator.normal(size=exemplars), "i2", 1e-3)},
            "thumbnail": {"side": 32, "columns": 10}, "predicted": packed(predicted, "u1"),
            "certainty": packed(generator.uniform(0.3, 1, right.shape), "u1", 1 / 255),
            "certaintyOfToken": packed(np.where(right, 0.9, 0.1), "u1", 1 / 255),
        },
        "mapsNote": "Axes: of all snapshots together.",
        "maps": {layer: {"points": packed(points, "i2", 1e-3), "kept": learned.tolist()} for layer in layers},
        "curves": {
            "train": [None, *known[1:].tolist()], "heldOut": known.tolist(), "band": [(known - 0.05).tolist(), (known + 0.05).tolist()],
            "ofToken": (confusion[:, range(num_tokens), range(num_tokens)] / confusion.sum(axis=2)).tolist(),
            "plateaus": [[4, 64, 0.4]], "ceilings": [[0.2, "chance"], [0.4, "1 part"], [1.0, "2 parts"]],
        },
        "decodability": {
            "layers": list(layers), "parts": probed, "chance": [0.5] * len(probed),
            "balanced": packed(0.5 + 0.5 * generator.random((len(layers), num_steps, len(probed))), "u1", 1 / 255),
        } if parts else None,
        "confusion": packed(confusion, "u2"),
        "filters": [
            {"layer": "conv1", "kind": "colour", "values": packed(generator.uniform(-1, 1, (num_steps, 8, 3, 3, 3)), "i1", 1 / 127), "limit": 1, "changeLimit": 0.1},
            {"layer": "conv2", "kind": "slices", "values": packed(generator.uniform(-1, 1, (num_steps, 12, 3, 3)), "i1", 1 / 127), "limit": 1, "changeLimit": 0.1},
        ],
        "graph": {
            "layers": chosen, "units": shown, "strengthNote": "Strength: the contrast contribution.",
            "prefers": packed(generator.integers(-1, len(kinds), (num_steps, starts[-1])), "i1"),
            "selectivity": packed(generator.uniform(0.6, 1, (num_steps, starts[-1])), "u1", 1 / 255),
            "edges": {"from": edges[:, 0].tolist(), "to": edges[:, 1].tolist(), "strength": packed(strength, "i2", 1e-3)},
            "effect": {"step": steps[-1], "before": packed(responses, "i2", 1e-3), "after": packed(responses / 2, "i2", 1e-3),
                       "accuracy": packed(generator.normal(size=len(edges)) / 20, "i2", 1e-4), "token": [0] * len(edges)},
        },
        "units": {layer: unit_data(generator, layer, num_steps, len(kinds), exemplars, layers) for layer in layers},
        "preferred": {"side": 32, "columns": 10, "units": [["conv2", unit] for unit in range(6)], "dead": [0] * 6},
    }  # fmt: skip


def unit_data(generator, layer, num_steps, num_kinds, exemplars, layers):
    names, (units, side) = list(layers), layers[layer]
    place = names.index(layer)
    before, after = (names[place - 1] if place else None), (names[place + 1] if place + 1 < len(names) else None)
    partners = {"before": before, "after": after}
    for key, other in (("in", before), ("out", after)):
        size = (num_steps, units, 5)
        partners[key] = other and packed(generator.integers(0, layers[other][0], size), "u1")
        partners[f"{key}Strength"] = other and packed(generator.normal(size=size), "i2", 1e-3)
    top = {"top": packed(generator.integers(0, exemplars, (units, 9)), "u2")}
    top["crop"] = packed(np.tile([4, 6, 18, 20], (units, 9, 1)), "i1") if side else None
    return {
        "selectivity": packed(generator.uniform(0.5, 1, (num_steps, units)), "u1", 1 / 255),
        "best": packed(generator.integers(0, num_kinds, (num_steps, units)), "i1"),
        "tuning": packed(generator.random((num_steps, units, num_kinds)), "u1", 1 / 255),
        "untrained": top, "dead": packed(np.eye(2, units, 1), "u1"), "partners": partners, **top,
    }  # fmt: skip


def packed(values, dtype, scale=1.0):
    values = np.rint(np.asarray(values, float) / scale).astype(f"<{dtype}")
    data = base64.b64encode(values.tobytes()).decode()
    return {"dtype": dtype, "shape": list(values.shape), "scale": scale, "data": data}


def write_atlas(folder, *runs):
    """A folder as an export leaves it. Returns its address."""
    shutil.copytree(VIEWER, folder)
    (folder / "runs").mkdir()
    generator = np.random.default_rng(0)
    names = [f"runs/{number}" for number in range(1, len(runs) + 1)]
    for name, data in zip(names, runs):
        (folder / f"{name}.js").write_text(f"atlas.addRun({json.dumps(data).replace('<', chr(92) + 'u003c')});\n")
        for kind in ("thumbnails", "preferred"):
            sheet = generator.integers(0, 255, (32 * 6, 32 * 10, 3), np.uint8)
            Image.fromarray(sheet).save(folder / f"{name}_{kind}.jpg")
    (folder / "runs" / "runs.js").write_text(f"atlas.load({json.dumps(names)});\n")
    return (folder / "index.html").as_uri()


@pytest.fixture
def page(chromium):
    """A page that must neither complain nor ask anybody for anything."""
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    with quiet(page):
        yield page
        page.close()


@pytest.fixture
def address(tmp_path):
    return write_atlas(tmp_path / "atlas", run_data())


def opened(page, address, **settings):
    page.goto("about:blank")
    page.emulate_media(**{"reduced_motion": "reduce", **settings})
    page.goto(address)
    page.wait_for_selector(".panel canvas")


def pictures(page):
    """Panel -> what its first canvas shows."""
    return page.evaluate(
        """() => {
            atlas.draw();
            const panels = [...document.querySelectorAll('.panel')].filter(panel => panel.querySelector('canvas'));
            return Object.fromEntries(panels.map(panel => [panel.dataset.panel, panel.querySelector('canvas').toDataURL()]));
        }"""
    )


def point_at(page, panel, words):
    """Click where the panel says these words under the pointer."""
    spot = page.evaluate(
        """async ([panel, words]) => {
            const frame = () => new Promise(requestAnimationFrame);
            for (let waited = 0; waited < 3; waited += 1) await frame(); // what a card's place changed is drawn by then
            const canvas = document.querySelector(`[data-panel="${panel}"] canvas`);
            canvas.scrollIntoView({block: 'center'});
            const {left, top, width, height} = canvas.getBoundingClientRect();
            for (let y = 2; y < height; y += 3) for (let x = 2; x < width; x += 3) {
                const place = {clientX: left + x, clientY: top + y};
                canvas.dispatchEvent(new PointerEvent('pointermove', {...place, bubbles: true}));
                const tip = document.getElementById('tip');
                if (!tip.hidden && tip.textContent.includes(words)) return [place.clientX, place.clientY];
            }
        }""",
        [panel, words],
    )
    assert spot, f"nothing in {panel} says {words}"
    page.mouse.click(*spot)


def text(page, selector):
    return page.text_content(selector)


def hash_of(page):
    page.wait_for_function("location.hash === atlas.address()")
    return page.evaluate("location.hash")


def test_colours_are_those_of_the_figures():
    for name in ("COLOURS", "PART_COLOURS"):
        colours = re.search(rf"const {name} = \[(.*?)\]", (VIEWER / "look.js").read_text())[1]
        assert tuple(re.findall(r'"(.*?)"', colours)) == getattr(palette, name)
    papers = re.findall(r"--ink: (#\w+);\s+--paper: (#\w+);", (VIEWER / "atlas.css").read_text())
    assert papers == [(paper["text.color"], paper["figure.facecolor"]) for paper in (palette.LIGHT, palette.DARK)]


def test_every_file_is_used_and_no_name_can_become_html():
    page = (VIEWER / "index.html").read_text()
    used = set(re.findall(r'(?:src|href)="([\w.]+)"', page)) | {"index.html"}
    assert used == {file.name for file in VIEWER.iterdir()}
    scripts = "".join(file.read_text() for file in VIEWER.glob("*.js"))
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(|https?:", scripts)


@pytest.mark.browser
def test_numbers_come_as_they_were_written(page, address):
    opened(page, address)
    decoded = "written => { const {values, shape} = atlas.numbers(written); return [[...values], shape]; }"
    values = np.array([[-300, 0, 7], [1, 2, -32768]], "<i2")
    written = {"dtype": "i2", "shape": [2, 3], "data": base64.b64encode(values.tobytes()).decode()}
    assert page.evaluate(decoded, written) == [values.ravel().tolist(), [2, 3]]
    scaled, shape = page.evaluate(decoded, {**written, "scale": 0.5, "offset": 1, "none": -32768})
    assert np.allclose(scaled, [-149, 1, 4.5, 1.5, 2, np.nan], equal_nan=True)
    assert shape == [2, 3]
    listed, shape = page.evaluate(decoded, [[0.5, None], [1, 2]])
    assert np.allclose(listed, [0.5, np.nan, 1, 2], equal_nan=True)
    assert shape == [2, 2]
    parts = "written => [[...atlas.numbers(written).row(1)], atlas.numbers(written).at(1, 2), atlas.numbers(null)]"
    assert page.evaluate(parts, written) == [[1, 2, -32768], -32768, None]


@pytest.mark.browser
def test_the_slider_moves_every_panel(page, address):
    opened(page, address + "#step=0")
    before = pictures(page)
    assert set(before) == set(PANELS)
    page.focus("#slider")
    page.keyboard.press("End")
    after = pictures(page)
    assert not [panel for panel in PANELS if before[panel] == after[panel]]
    assert "step 234" in text(page, "#now") and "epoch 3" in text(page, "#now")
    assert "step 234, held-out accuracy" in page.get_attribute("#slider", "aria-valuetext")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.getElementById('spoken').textContent.startsWith('step 156, held-out accuracy')")
    page.keyboard.press("ArrowRight")
    assert hash_of(page) == "#step=234"
    picture(page, "atlas_example", full_page=True)


@pytest.mark.browser
def test_keys_and_buttons_move_in_time(page, address):
    opened(page, address)
    where = lambda: page.evaluate("atlas.state.step")
    assert where() == 234, "without a step in the address it shows the last one"
    page.keyboard.press("Home")
    for key, step in (("ArrowRight", 1), ("ArrowRight", 4), ("ArrowLeft", 1), ("End", 234), ("Home", 0)):
        page.keyboard.press(key)
        assert where() == step
    page.click("#forth")
    assert where() == 1
    page.keyboard.press("Home")
    assert page.get_attribute("#play", "aria-label") == "Play"
    page.click("h1")
    page.keyboard.press(" ")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.wait_for_function("atlas.state.step === 4", timeout=5000)
    page.click("#play")
    page.wait_for_timeout(900)
    assert where() == 4
    page.evaluate("atlas.change({step: 234})")
    page.click("#play")
    page.wait_for_function("atlas.state.step === 1", timeout=5000)
    page.keyboard.press("End")
    assert page.get_attribute("#play", "aria-label") == "Play", "a hand on the slider ends the film"


@pytest.mark.browser
def test_a_unit_an_exemplar_and_a_coupling_open_their_cards(page, address):
    opened(page, address + "#step=64")
    point_at(page, "graph", "unit 3 of conv2")
    assert text(page, "#card-title") == "Unit 3 of conv2"
    headings = page.locator("#card .part-title").all_text_contents()
    assert headings == [
        "Selectivity over time",
        "What it looks for",
        "Top exemplars",
        "Tuning at this step",
        "Partners at this step",
    ]
    assert page.locator("#card .thumbnail").count() == 18
    assert hash_of(page) == "#step=64&unit=conv2.3"
    assert page.evaluate("document.activeElement.id") == "card-title"
    picture(page, "atlas_unit", full_page=True)
    before = page.locator("#card .partners").first.text_content()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.querySelector('#card .partners').textContent !== before", arg=before)
    page.locator("#card .partners button").first.click()
    assert re.fullmatch(r"Unit \d+ of conv1", text(page, "#card-title"))
    page.keyboard.press("Escape")
    assert page.is_hidden("#card")

    point_at(page, "map", "exemplar 7")
    assert text(page, "#card-title") == f"{TOKENS[7 % 5]}, exemplar 7"
    assert "At this step it is called" in text(page, "#card .summary")
    assert hash_of(page) == "#step=78&exemplar=7"
    picture(page, "atlas_exemplar", full_page=True)

    point_at(page, "graph", "→")
    assert text(page, "#card-title").startswith("Coupling ")
    assert "Cut, the unit's response changes most for" in text(page, "#card")
    assert "&edge=" in hash_of(page)
    picture(page, "atlas_edge", full_page=True)


@pytest.mark.browser
def test_a_unit_is_a_detector_above_a_line_alone(page, tmp_path):
    data = run_data()
    units = sum(map(len, data["graph"]["units"]))
    data["graph"]["prefers"] = packed(np.zeros((len(STEPS), units)), "i1")
    data["graph"]["selectivity"] = np.where(np.arange(units) < 3, 0.95, 0.7) * np.ones((len(STEPS), 1))
    data["graph"]["selectivity"] = data["graph"]["selectivity"].tolist()
    opened(page, write_atlas(tmp_path / "atlas", data))
    assert f"Of {units} units shown, 3 detect a token and 0 a part." in text(page, '[data-panel="graph"] .summary')
    point_at(page, "graph", "unit 0 of conv2detects Ada, AUC 0.95")
    point_at(page, "graph", "unit 5 of conv2prefers Ada, AUC 0.70")
    point_at(page, "graph", "logit of Довprefers")
    assert text(page, "#card-title") == "Logit of Дов"
    page.wait_for_function("document.querySelector('#card').textContent.includes('it tells its own token, ')")


@pytest.mark.browser
def test_all_cards_can_be_reached_by_keyboard(page, address):
    opened(page, address)
    page.select_option("#chooser select >> nth=0", "dense")
    page.fill("#chooser input >> nth=0", "99")
    page.focus("text=Show the unit")
    page.keyboard.press("Enter")
    assert text(page, "#card-title") == "Unit 9 of dense"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Show the unit"
    page.fill("#chooser input >> nth=1", "5")
    page.press("text=Show the exemplar", "Enter")
    assert text(page, "#card-title") == "Ada, exemplar 5"
    page.press("text=Show the coupling", "Enter")
    assert text(page, "#card-title").startswith("Coupling ")
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input, [role=img]')].filter(element =>
            !element.getAttribute('aria-label') && !element.labels?.length && !element.textContent.trim()
        ).map(element => element.outerHTML)"""
    )
    assert unnamed == []
    described = page.eval_on_selector_all(
        ".panel canvas[role=img]",
        "all => all.map(canvas => document.getElementById(canvas.getAttribute('aria-describedby')).textContent)",
    )
    assert len(described) == len(PANELS) and all(described)


@pytest.mark.browser
def test_an_address_brings_a_view_back(page, address):
    opened(page, address + "#step=156&layer=conv1&colour=part+eyes&filters=conv2&show=change&curves=token&unit=conv1.4")
    looked_at = page.evaluate("atlas.state")
    assert looked_at["step"] == 156
    assert (looked_at["layer"], looked_at["colour"], looked_at["filters"], looked_at["change"]) == (
        "conv1",
        "part eyes",
        "conv2",
        True,
    )
    assert looked_at["ofTokens"] is True
    assert hash_of(page) == "#step=156&layer=conv1&colour=part+eyes&filters=conv2&show=change&curves=token&unit=conv1.4"
    assert "drawn 10 times stronger" in text(page, '[data-panel="filters"] .summary')
    assert text(page, "#card-title") == "Unit 4 of conv1"
    assert page.input_value("#slider") == str(STEPS.index(156))
    assert page.eval_on_selector_all(".controls select", "all => all.map(select => select.value)") == [
        "conv1",
        "part eyes",
        "conv2",
    ]
    assert "eyes 1" in text(page, '[data-panel="map"] .legend')
    page.evaluate("location.hash = 'step=4'")
    page.wait_for_function("atlas.state.step === 4")
    assert page.is_hidden("#card")
    assert page.evaluate("atlas.state.layer") == "dense"
    page.evaluate("location.hash = 'step=70&layer=nowhere&unit=conv1.800&edge=1'")
    page.wait_for_function("atlas.state.step === 64")
    assert page.is_hidden("#card")
    assert page.evaluate("atlas.state.layer") == "dense"


@pytest.mark.browser
def test_two_runs_follow_one_slider(page, tmp_path):
    other = run_data([0, 2, 50, 300], parts=(), name="other", number=2)
    opened(page, write_atlas(tmp_path / "atlas", run_data(), other))
    assert page.evaluate("Number(document.getElementById('slider').max)") == 10
    shown = page.evaluate(
        """() => [0, 2, 16, 50, 234, 300].map(step => {
            atlas.change({step});
            atlas.draw();
            return atlas.runs.map(run => run.steps[run.indexAt(step)]);
        })"""
    )
    assert shown == [[0, 0], [1, 2], [16, 50], [64, 50], [234, 300], [234, 300]]
    page.evaluate("atlas.change({step: 50})")
    page.wait_for_function("document.querySelector('#now').textContent.includes('step 50')")
    names = page.locator('[data-panel="curves"] h3').all_text_contents()
    assert names[0].endswith(" · step 64") and "step" not in names[1], "each says which step it shows"
    assert page.locator('[data-panel="map"] canvas[role=img]').count() == 2
    assert text(page, '[data-panel="decodability"] .missing') == "Nobody knows the parts of <these> tokens."
    assert "2: other" in text(page, "#names")
    page.evaluate("atlas.select({kind: 'unit', layer: 'conv2', unit: 3})")
    assert page.locator(".card-run").count() == 2
    page.wait_for_function("document.querySelector('#card h3').textContent.endsWith(' · step 64')")
    picture(page, "atlas_two", full_page=True)


@pytest.mark.browser
def test_a_run_that_goes_on_from_another_does_not_begin_untrained(page, tmp_path):
    twin = run_data([16, 64, 234], name="twin", number=2) | {"origin": {"parent": "small", "step": 16, "cut": "unit 1"}}
    opened(page, write_atlas(tmp_path / "atlas", run_data(), twin) + "#step=0&unit=conv2.3")
    assert "2: It goes on from step 16 of small, with unit 1 cut." in text(page, "#names")
    assert page.locator('[data-panel="map"] h3').all_text_contents() == [f"1: {NAME}", "2: twin · step 16"]
    whole, cut = page.locator('[data-panel="filters"] .summary').all_text_contents()
    assert "This is the untrained network." in whole and "This is step 16, where it begins." in cut
    sides = page.locator(".card-run").nth(1).locator(".side-name").all_text_contents()
    assert sides[:2] == ["step 16", "in the end"]


@pytest.mark.browser
def test_names_appear_as_they_are(page, address):
    opened(page, address)
    assert text(page, "h1") == NAME
    assert page.title() == f"{NAME} – atlas"
    assert page.evaluate("window.broken") is None
    assert page.locator("b").count() == 0
    assert page.locator('[data-panel="map"] .legend li').all_text_contents()[:5] == TOKENS
    page.evaluate("atlas.select({kind: 'exemplar', exemplar: 1})")
    assert text(page, "#card-title") == "<b>Ben</b>, exemplar 1"


@pytest.mark.browser
def test_what_a_run_lacks_is_said(page, tmp_path):
    data = run_data(parts=())
    for panel in ("maps", "graph", "units", "preferred", "filters"):
        data[panel] = None
    data["missing"] |= {"graph": "No weights were kept.", "unit": "No units.", "snapshots": "Step 9 is damaged."}
    opened(page, write_atlas(tmp_path / "atlas", data))
    missing = page.eval_on_selector_all(
        ".panel .missing",
        "all => Object.fromEntries(all.map(why => [why.closest('.panel').dataset.panel, why.textContent]))",
    )
    assert missing == {
        "map": "This run has no record of it.",
        "filters": "This run has no record of it.",
        "graph": "No weights were kept.",
        "decodability": "Nobody knows the parts of <these> tokens.",
    }
    assert "Step 9 is damaged." in text(page, "#names")
    page.keyboard.press("End")
    page.evaluate("atlas.select({kind: 'unit', layer: 'conv2', unit: 3})")
    assert text(page, "#card .missing") == "No units."


@pytest.mark.browser
def test_a_copy_that_is_not_whole_says_so(chromium, tmp_path):
    address = write_atlas(tmp_path / "atlas", run_data())
    (tmp_path / "atlas" / "runs" / "1.js").unlink()
    page = chromium.new_page()
    page.goto(address)
    assert text(page, "[role=alert]") == "runs/1.js is missing: this copy of the atlas is not whole."
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_every_screen(page, address, width, theme):
    page.set_viewport_size({"width": width, "height": 844})
    opened(page, address + "#step=64&unit=conv2.3", color_scheme=theme)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.is_visible("#card-title")
    over = page.eval_on_selector_all(
        ".panel *, #card *, #chooser *",
        """all => all.filter(element => element.getBoundingClientRect().right
            > element.closest('.panel, #card, #chooser').getBoundingClientRect().right + 1).map(element => element.outerHTML)""",
    )
    assert over == []
    picture(page, f"atlas_{width}_{theme}", full_page=True)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


@pytest.mark.browser
def test_it_prints_on_light_paper(page, address):
    opened(page, address, color_scheme="dark")
    page.evaluate(
        "addEventListener('beforeprint', () => { window.printed = [atlas.look.theme, atlas.look.paper, atlas.look.ink] })"
    )
    page.pdf(print_background=True)
    assert page.evaluate("window.printed") == ["light", palette.LIGHT["figure.facecolor"], palette.LIGHT["text.color"]]
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.browser
def test_a_slider_step_is_quick(page, tmp_path, capsys):
    """As large as a default run: 31 snapshots, 500 exemplars, the VGG's layers."""
    layers = {"conv1": (64, 32), "conv2": (256, 4), "dense": (256, 0), "logits": (5, 0)}
    steps = [0, 1, 4, 16, 32, 64, *range(78, 78 * 26, 78)]
    opened(page, write_atlas(tmp_path / "atlas", run_data(steps, exemplars=500, layers=layers)))
    page.evaluate("atlas.select({kind: 'unit', layer: 'conv2', unit: 3})")
    times = page.evaluate(
        """() => atlas.runs[0].steps.map(step => Math.min(...[1, 2, 3, 4, 5].map(() => {
            atlas.change({step: atlas.runs[0].steps.at(step ? 0 : -1)});
            atlas.draw();
            const start = performance.now();
            atlas.change({step});
            atlas.draw();
            return performance.now() - start;
        })))"""
    )
    with capsys.disabled():
        print(
            f"\na slider step, best of 5: median {np.median(times):.1f} ms, longest {max(times):.1f} ms of {len(times)}"
        )
    assert np.median(times) < 100
