"""Tables in Markdown."""

from dense_keras.markdown import markdown_table


def test_columns_of_numbers_stand_to_the_right():
    rows = [["01_faces", 1560, "0.97 (0.95 to 1.01)", ""], ["7 Adas", "1,560", "-3e-05", "4%"]]
    assert markdown_table(["name", "step", "ratio", "share"], rows).splitlines() == [
        "| name | step | ratio | share |",
        "| --- | ---: | ---: | ---: |",
        "| 01_faces | 1560 | 0.97 (0.95 to 1.01) |  |",
        "| 7 Adas | 1,560 | -3e-05 | 4% |",
    ]


def test_a_table_may_have_no_rows():
    assert markdown_table(["name", "share"], []).splitlines() == ["| name | share |", "| --- | --- |"]
