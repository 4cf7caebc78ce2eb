import json
import subprocess
import sys


def test_every_row_can_be_measured(tmp_path):
    command = [sys.executable, "-m", "tests.bench", "--quick", "--json", tmp_path / "figures.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    rows = figures["rows"]
    assert len(rows) > 25
    assert [row["what"] for row in rows if not row["measured"] or row["ratio"] == 0] == []
    assert all(f"| {row['what']}" in done.stdout for row in rows)
