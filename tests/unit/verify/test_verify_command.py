"""`eda-gen verify`, as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from eda_gen.cli.verify import verify

SPECS = Path(__file__).parents[3] / "specs" / "travel"
TRAVEL = [str(SPECS / f"{name}.yaml") for name in ("bookings", "flights", "hotels", "cards")]


def call(*arguments: str) -> tuple[int, Result]:
    result = CliRunner().invoke(verify, arguments, standalone_mode=False)
    return result.return_value, result


def test_a_sound_saga_is_proved_with_states_and_seconds() -> None:
    status, result = call("BookTrip", *TRAVEL)

    assert status == 0
    assert result.output.startswith("BookTrip of bookings: proved; ")
    assert " states in " in result.output


def test_without_a_name_all_sagas_are_verified() -> None:
    status, result = call(*TRAVEL)

    assert status == 0
    assert "BookTrip of bookings: proved" in result.output


def test_a_fault_comes_as_a_list_and_as_a_diagram(tmp_path: Path) -> None:
    for path in SPECS.glob("*.yaml"):
        text = path.read_text()
        if path.name == "bookings.yaml":
            lines = [line for line in text.splitlines() if "CancelHotel" not in line]
            text = "\n".join(lines)
        (tmp_path / path.name).write_text(text)

    status, result = call(*(str(tmp_path / Path(each).name) for each in TRAVEL))

    assert status == 1
    assert "not true: a saga that has failed has compensated exactly the steps that took effect" in result.output
    assert "7. reserveHotel → BookTrip: HotelReserved.v1" in result.output
    assert "sequenceDiagram" in result.output


def test_programs_get_json() -> None:
    status, result = call(*TRAVEL, "--format", "json")

    (verdict,) = json.loads(result.stdout)
    assert (status, verdict["saga"], verdict["proved"], verdict["faults"]) == (0, "BookTrip", True, [])
    assert verdict["states"] > 100


def test_a_name_that_is_not_there_is_an_error_of_the_call() -> None:
    status, result = call("BookTrain", *TRAVEL)

    assert status == 2
    assert "there is no orchestrated saga `BookTrain`; there are: BookTrip" in result.stderr
