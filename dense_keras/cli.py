"""The command ``dense-keras``."""

from __future__ import annotations

import argparse
import shlex
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from dense_keras import __version__, sweep

DESCRIPTION = """Watch a neural network come to know five things.

  dense-keras train            record a run on generated faces (about three minutes)
  dense-keras show             look at it in TensorBoard: projector, filters, curves
  dense-keras measure RUN      measure what formed, as a table
  dense-keras check 03         check your exercises of a lesson
  dense-keras atlas RUN        write one page with a slider over training time
  dense-keras sweep            record a grid of runs, on one computer or on a cluster
  dense-keras tokens           see what the network is shown
  dense-keras doctor           find out what is missing, and what to do

The backend is the one that KERAS_BACKEND names: tensorflow, torch or jax."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status: 0 done, 1 a problem was found, 2 it cannot be done, 130 stopped."""
    options = _parser().parse_args(arguments)
    warnings.showwarning = _show_warning
    try:
        return options.command(options) or 0
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from the last epoch.", file=sys.stderr)
        return 130
    except (ValueError, ImportError, OSError, RuntimeError) as error:
        if not _is_explained(error):
            raise
        print(f"dense-keras: {_told(error)}", file=sys.stderr)
        return 2


def _is_explained(error: Exception) -> bool:
    """Whether the error was raised by this package, and so says what to do, or names a path that the system refused."""
    if isinstance(error, OSError) and error.filename is not None:
        return True
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is not None and Path(frame.tb_frame.f_code.co_filename).is_relative_to(Path(__file__).parent)


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return (
            f"{error.strerror}{f': {error.filename} cannot be used. Choose another place' if error.filename else ''}."
        )
    return str(error)


def _show_warning(message: Warning | str, category: type[Warning], filename: str, *_: object) -> None:
    if Path(filename).is_relative_to(Path(__file__).parent):
        print(f"dense-keras: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "dense-keras", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"dense_keras {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = _command(commands, "train", _train, "Train the VGG and record how it comes to know the tokens.")
    _add_token_options(train)
    train.add_argument(
        "--run", metavar="FOLDER", help="where to record; a run there goes on (default: runs/TOKENS-CODE-seedN-BACKEND)"
    )
    train.add_argument(
        "--preset",
        choices=("default", "rich", "conjunctive", "conjunctive-500", "shuffled", "conjunctive-shuffled"),
        default="default",
        help="settings with a name. default: one part is known first, others follow; rich: the first layers learn too; "
        "conjunctive: tokens are exclusive-ors of parts, 1500 exemplars each, and conjunctive-500: as many steps "
        "with 500; shuffled, conjunctive-shuffled: controls, whose training tokens are dealt out at random "
        "(default: default)",
    )
    train.add_argument(
        "--epochs", type=int, metavar="N", help="passes over the training exemplars (default: 20, or the preset's)"
    )

    rewind = _command(commands, "rewind", _rewind, "Start a new run from a snapshot of another, and train on.")
    rewind.add_argument("parent", metavar="RUN", help="folder of the recorded run")
    rewind.add_argument("step", type=int, metavar="STEP", help="snapshot to start from")
    rewind.add_argument("--run", metavar="FOLDER", required=True, help="where to record the new run")
    rewind.add_argument("--epochs", type=int, metavar="N", help="epochs in all (default: as before)")
    rewind.add_argument(
        "--seed", type=int, metavar="N", help="of the order of exemplars from there on (default: as before)"
    )

    show = _command(commands, "show", _show, "Look at a run in TensorBoard, on this computer only. Ctrl-C ends it.")
    show.add_argument(
        "run",
        metavar="RUN",
        nargs="?",
        help="folder of a run, or any that callbacks wrote into (default: the latest run in runs/)",
    )
    show.add_argument(
        "--port", type=int, default=6006, metavar="N", help="of the address (default: 6006; 0 for any free one)"
    )

    tokens = _command(commands, "tokens", _tokens, "Save a sheet of tokens and exemplars as a picture.")
    _add_token_options(tokens)
    tokens.add_argument("--out", metavar="FILE", default="tokens.png", help="PNG file to write (default: tokens.png)")

    measure = _command(
        commands, "measure", _measure, "Compute the default measures of a run, as a table in its folder."
    )
    measure.add_argument("run", metavar="RUN", help="folder of a recorded run")

    atlas = _command(
        commands, "atlas", _atlas, "Export a run as one page with a slider over training time, opened from disk."
    )
    atlas.add_argument(
        "run", metavar="RUN", nargs="?", help="folder of a recorded run (default: the latest run in runs/)"
    )
    atlas.add_argument("beside", metavar="OTHER_RUN", nargs="?", help="a second run, shown beside it")
    atlas.add_argument(
        "--out", metavar="FOLDER", help="where to write; an atlas there is replaced (default: RUN/atlas)"
    )

    check = _command(commands, "check", _check, "Check the exercises of a lesson: right, or a hint.")
    check.add_argument("lesson", metavar="LESSON", help="its number, such as 04")
    check.add_argument(
        "--file", metavar="FILE", help="Python file with your functions (default: lessons/exercises/exercise_NN.py)"
    )
    check.add_argument(
        "--seed", type=int, default=0, metavar="N", help="your own, for numbers of your own (default: 0)"
    )

    sweep.add_command(commands)
    _command(commands, "doctor", _doctor, "Check backend, versions, threads, disk and TensorBoard.")
    return parser


def _command(
    commands: argparse._SubParsersAction, name: str, function: Callable[[argparse.Namespace], int | None], text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=function)
    return parser


def _add_token_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tokens",
        default="faces",
        metavar="NAME|FOLDER",
        help="faces (generated), fashion (photographs), or a folder with one sub-folder of images a token (default: faces)",
    )
    parser.add_argument(
        "--code",
        choices=("additive", "conjunctive", "natural"),
        help="how faces are built of parts: no single part tells the token (additive, the default), parts of four "
        "tokens tell nothing alone and the fifth wears a band (conjunctive), or tokens differ in many ways (natural)",
    )
    parser.add_argument(
        "--exemplars", type=int, metavar="N", help="training images a token (default: 500 generated, or all)"
    )
    parser.add_argument(
        "--size",
        type=int,
        metavar="N",
        help="side of the images in pixels, 28 or more for faces (default: 32; fashion 28)",
    )
    parser.add_argument(
        "--source",
        metavar="NAME|FOLDER",
        help="of fashion: package (500 exemplars a token, the default), keras (6,000, downloaded once), or a folder "
        "with the four IDX files",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of tokens, initial weights and order (default: 0)"
    )


def _train(options: argparse.Namespace) -> None:
    from dense_keras.course import default_folder
    from dense_keras.experiment import PRESETS, Experiment, train

    names = ("tokens", "code", "exemplars", "size", "source", "seed", "epochs")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    experiment = Experiment(**PRESETS[options.preset] | given)
    _report(train(experiment, options.run or default_folder(experiment, options.preset)))


def _rewind(options: argparse.Namespace) -> None:
    from dense_keras.experiment import experiment_of, rewind, train
    from dense_keras.run import Run

    given = {"epochs": options.epochs, "order_seed": options.seed}
    changes = {name: value for name, value in given.items() if value is not None}
    run = rewind(Run(options.parent), options.step, options.run, **changes)
    _report(train(experiment_of(run), run.folder))


def _report(run: Run) -> None:  # noqa: F821
    history = run.history
    print(
        f"Recorded {len(run.steps)} snapshots up to step {run.steps[-1]} in {run.folder}; "
        f"held-out accuracy {history['held_out_accuracy'][-1]:.3f}.\n"
        f"Look at it with: dense-keras show {shlex.quote(str(run.folder))}\n"
        f"One page with a slider over time: dense-keras atlas {shlex.quote(str(run.folder))}"
    )


def _show(options: argparse.Namespace) -> None:
    from dense_keras.course import latest_run
    from dense_keras.run import Run
    from dense_keras.tensorboard import serve

    folder = Path(options.run or latest_run())
    is_run = (folder / "experiment.json").exists() or not any(folder.rglob("*tfevents*"))
    serve(Run(folder).tensorboard if is_run else folder, port=options.port)


def _tokens(options: argparse.Namespace) -> None:
    from dense_keras import tokens as token_sets
    from dense_keras.figures.contact_sheet import contact_sheet
    from dense_keras.run import RunError, write_whole

    if Path(options.out).suffix.lower() != ".png":
        raise RunError(
            f"--out is {options.out}. The sheet is a PNG picture. Name another file with --out, one that ends in .png."
        )
    token_set = token_sets.load(
        options.tokens,
        code=options.code,
        exemplars=options.exemplars,
        size=options.size,
        source=options.source,
        seed=options.seed,
    )
    picture, path = contact_sheet(token_set), Path(options.out).resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda file: picture.save(file, format="PNG"))
    except OSError as error:
        raise RunError(f"{path} cannot be written ({error.strerror}). Name another file with --out.") from None
    print(f"Saved {options.out}: {token_set.num_tokens} tokens, {len(token_set.train)} exemplars to learn from.")


def _measure(options: argparse.Namespace) -> None:
    from dense_keras.report import report, write_report
    from dense_keras.run import Run

    run = Run(options.run)
    rows = report(run)
    print(f"{len(rows)} numbers of {len(run.steps)} snapshots in {write_report(run, rows)}")


def _atlas(options: argparse.Namespace) -> None:
    from dense_keras.atlas import write_atlas
    from dense_keras.course import latest_run
    from dense_keras.run import Run

    runs = [Run(folder) for folder in (options.run or latest_run(), options.beside) if folder]
    print("This takes about half a minute a run.")
    folder = write_atlas(runs, options.out)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{size / 1e6:.1f} MB in {folder}. Open in a browser: {(folder / 'index.html').as_uri()}")


def _check(options: argparse.Namespace) -> int:
    from dense_keras.checks import check_lesson

    file = options.file or Path("lessons") / "exercises" / f"exercise_{options.lesson.zfill(2)}.py"
    results = check_lesson(options.lesson, file, options.seed)
    for result in results:
        print(f"{'right  ' if result.right else 'not yet'} {result.name}: {result.said}")
    right = sum(result.right for result in results)
    print(f"{right} of {len(results)} right.")
    return 0 if right == len(results) else 1


def _doctor(options: argparse.Namespace) -> int:
    from dense_keras.doctor import examine

    findings = examine()
    for finding in findings:
        print(f"{'ok ' if finding.good else 'NO '} {finding.subject}: {finding.text}")
        if finding.remedy:
            print(f"     {finding.remedy}")
    return 0 if all(finding.good for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
