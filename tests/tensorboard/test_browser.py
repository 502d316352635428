"""What a learner sees: TensorBoard in headless Chromium."""

from urllib.parse import urlparse

import numpy as np
import pytest
from browser import picture

from dense_keras.tensorboard import EventFile, write_embeddings
from dense_keras.tensorboard.server import launch

STEPS = (0, 40, 312)
NAMES = np.repeat(["Ada", "Ben", "Cleo", "Dan", "Eve"], 50)
TOKENS = np.repeat(np.arange(5), 50)

FIND_PROJECTOR = """() => {
    const find = root => {
        for (const element of root.querySelectorAll('*')) {
            if (element.tagName === 'VZ-PROJECTOR') return element;
            const inside = element.shadowRoot && find(element.shadowRoot);
            if (inside) return inside;
        }
    };
    window.projector = find(document);
    return Boolean(window.projector);
}"""
READ_PROJECTOR = """() => {
    const {dataSet, dataPanel, normalizeData} = window.projector;
    const loaded = dataSet && dataSet.spriteAndMetadataInfo && dataSet.spriteAndMetadataInfo.spriteImage
        && dataSet.projections && dataSet.projections['pca-2'];
    return loaded && {
        runs: dataPanel.runNames, run: dataPanel.selectedRun,
        tensors: dataPanel.tensorNames.map(tensor => tensor.name), tensor: dataPanel.selectedTensor,
        label: dataPanel.selectedLabelOption, colours: dataPanel.colorOptions.map(option => option.name),
        spherized: normalizeData,
        thumbnails: dataSet.spriteAndMetadataInfo.spriteImage.width,
        positions: dataSet.points.map(point => [0, 1, 2].map(axis => point.projections['pca-' + axis])),
    };
}"""


def blobs():
    """(250, 32, 32, 3): a disc on a light background, of a size and colour for each token."""
    generator = np.random.default_rng(0)
    colours = np.array([[230, 90, 90], [90, 170, 90], [90, 110, 230], [220, 170, 60], [170, 90, 200]], np.uint8)
    centres = generator.normal(16, 3, (250, 1, 1, 2))
    distances = np.linalg.norm(np.mgrid[:32, :32].transpose(1, 2, 0) - centres, axis=3)
    inside = distances < 6 + TOKENS[:, None, None]
    return np.where(inside[..., None], colours[TOKENS][:, None, None], np.uint8(240))


def activations(units, separation):
    """(250, units): tokens move apart with ``separation`` along directions that stay."""
    generator = np.random.default_rng(units)
    means, noise = generator.normal(size=(5, units)), generator.normal(size=(250, units))
    return np.maximum(0, 1 + 0.6 * noise + separation * means[TOKENS])


def record(folder, step):
    """The embeddings of one snapshot; separation grows with the step, and with depth."""
    learned = np.log1p(step) / 4
    sizes = {"conv1": (32, learned / 4), "conv2": (64, learned / 2), "dense": (128, learned)}
    layers = {name: activations(*size) for name, size in sizes.items()}
    metadata = {"token": NAMES, "correct": TOKENS < 3, "yaw": np.linspace(-1, 1, 250)}
    write_embeddings(folder, step, layers, metadata, blobs())


@pytest.fixture
def page(chromium):
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.hosts = set()
    page.on("request", lambda request: page.hosts.add(urlparse(request.url).hostname))
    yield page
    page.close()


def when(page, ask, seconds=40):
    """What ``ask`` returns once that is true."""
    for _ in range(seconds * 4):
        if answer := ask():
            return answer
        page.wait_for_timeout(250)
    pytest.fail(f"waited {seconds} seconds")


def projector(page):
    """The frame of the page that holds the projector."""
    return when(page, lambda: next((frame for frame in page.frames if frame.evaluate(FIND_PROJECTOR)), None))


def shown(page, run=None):
    frame = projector(page)
    if run:
        frame.evaluate("run => { window.projector.dataPanel.selectedRun = run }", run)
        page.wait_for_timeout(1500)
    return when(page, lambda: frame.evaluate(READ_PROJECTOR))


def separation(positions):
    """Between- over within-token scatter of (250, 3) positions."""
    positions = np.array(positions, float)
    means = np.stack([positions[TOKENS == token].mean(axis=0) for token in range(5)])
    return np.var(means, axis=0).sum() / np.var(positions - means[TOKENS], axis=0).sum()


@pytest.mark.browser
def test_a_learner_sees_tokens_separate(tmp_path, page):
    folder = tmp_path / "run"
    for step in STEPS:
        record(folder, step)
    address = launch(folder, port=0)

    page.goto(address + "#projector")
    first = shown(page)
    picture(page, "projector_first_view", wait=2000)
    assert first["runs"] == [f"embeddings/step_{step:06d}" for step in STEPS]
    assert first["run"] == "embeddings/step_000000"
    assert first["tensors"] == ["-1 dense", "-2 conv2", "-3 conv1"]
    assert first["tensor"] == "-1 dense"
    assert first["label"] == "token" and {"token", "correct", "yaw"} <= set(first["colours"])
    assert not first["spherized"]
    assert first["thumbnails"] == 16 * 32

    views = [shown(page, run) for run in first["runs"]]
    assert all(view["tensor"] == "-1 dense" for view in views), "a name that changes leaves its menu blank"
    picture(page, "projector_last_step", wait=2000)
    separations = [separation(view["positions"]) for view in views]
    assert separations[0] < 0.1 < 1 < separations[2]
    # An axis points to the same side at every step: the projector mirrors all of ours, at each snapshot.
    index = np.arange(250)
    for view in views:
        assert (np.corrcoef(index, np.array(view["positions"], float).T)[0, 1:] < 0).all()

    record(folder, 1000)
    page.wait_for_timeout(6000)
    page.reload()
    assert shown(page)["runs"] == [f"embeddings/step_{step:06d}" for step in (*STEPS, 1000)]
    assert page.hosts <= {"127.0.0.1", None}


@pytest.mark.browser
def test_a_learner_sees_filters_of_every_step(tmp_path, page):
    generator = np.random.default_rng(0)
    with EventFile(tmp_path / "run") as events:
        for step in STEPS:
            events.scalar("accuracy", 0.2 + step / 400, step)
            events.image("filters/conv1", [stripes(generator, step)], step, description="The first layer's filters")
    page.goto(launch(tmp_path / "run", port=0) + "#images")
    page.wait_for_selector("tf-image-loader img", timeout=40_000)
    picture(page, "images", wait=2000)
    size = page.eval_on_selector("tf-image-loader img", "image => [image.naturalWidth, image.naturalHeight]")
    assert size == [8 * 12, 4 * 12]
    slider = page.eval_on_selector("tf-image-loader paper-slider", "slider => slider.max")
    assert slider == len(STEPS) - 1
    assert page.hosts <= {"127.0.0.1", None}


@pytest.mark.browser
def test_a_recorded_run_is_shown(small_run, tmp_path, page):
    address = launch(small_run.tensorboard, port=0)
    page.goto(address + "#projector")
    seen = shown(page)
    assert seen["runs"] == [f"embeddings/step_{step:06d}" for step in small_run.steps]
    assert seen["tensors"] == ["-1 logits", "-2 dense", "-3 conv4_2", "-4 conv3_2", "-5 conv2_2"]
    assert {"token", "predicted", "correct", "hair", "mouth", "yaw"} <= set(seen["colours"])
    assert len(seen["positions"]) == len(small_run.probes["held_out"])
    picture(page, "recorded_projector", wait=2000)

    page.goto("about:blank")
    page.goto(address + "#images")
    page.wait_for_selector("tf-image-loader img", timeout=40_000)
    picture(page, "recorded_images", wait=2000)
    slider = page.eval_on_selector("tf-image-loader paper-slider", "slider => slider.max")
    assert slider == len(small_run.steps) - 1
    assert page.hosts <= {"127.0.0.1", "", None}


def stripes(generator, step):
    """(48, 96, 1): 32 filters that look like noise at first, and like edges later."""
    phase = generator.uniform(0, 6, (4, 8, 1, 1))
    slope = generator.normal(size=(2, 4, 8, 1, 1))
    rows, columns = np.mgrid[:12, :12] / 2
    edges = np.sin(slope[0] * rows + slope[1] * columns + phase)
    share = min(step / 312, 1)
    filters = share * edges + (1 - share) * generator.uniform(-1, 1, (4, 8, 12, 12))
    return np.uint8(127 + 120 * filters).swapaxes(1, 2).reshape(48, 96, 1)
