"""Runs catholyte and its peers on the same volumes and prints tables of seconds, ratios and agreement."""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import volumes

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target/release/catholyte"
MARKS = "<!-- bench -->", "<!-- /bench -->"
OWN_RUNS = 5

# Name in the table, name in peers.py, and which answer of catholyte has the same convention for the ends.
PEERS = [
    ("SciPy + pyamg, 1e-6", "pyamg", "faces"),
    ("PoreSpy, default", "porespy", "centres"),
    ("PoreSpy, 1e-6", "porespy 1e-6", "centres"),
    ("TauFactor 2, default", "taufactor", "faces"),
    ("TauFactor 2, 1e-3", "taufactor 1e-3", "faces"),
]


def table_of(conductivity):
    return ",".join(f"{label}={value!r}" for label, value in conductivity.items())


def one_core(command):
    """The command, held to one core where the system can."""
    try:
        core = sorted(os.sched_getaffinity(0))[-1]
    except AttributeError:
        return command
    return ["taskset", "-c", str(core), *command]


def conduct(path, conductivity, *options):
    command = [PROGRAM, "conduct", path, "--conductivity", table_of(conductivity), *options]
    before = os.times()
    answer = json.loads(subprocess.run(one_core(command), check=True, capture_output=True, text=True).stdout)
    after = os.times()
    # That of the whole program, reading the file included: on a busy machine it says more than the clock.
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return {**answer, "processor_seconds": processor}


def native(path, conductivity):
    """The answer, with the medians and the range of five times."""
    answers = [conduct(path, conductivity) for _ in range(OWN_RUNS)]
    return {
        **answers[0],
        "seconds": statistics.median(a["seconds"] for a in answers),
        "processor_seconds": statistics.median(a["processor_seconds"] for a in answers),
        "spread": [min(a["seconds"] for a in answers), max(a["seconds"] for a in answers)],
    }


def last_line(command, limit):
    """What a program prints last, as JSON, or why there is nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"fault": f"no answer within {limit} s"}
    if done.returncode != 0:
        return {"fault": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "ended without a word"}
    return json.loads(done.stdout.splitlines()[-1])


def peer(name, path, conductivity, runs, threads, limit):
    if name.startswith("porespy") and len(conductivity) > 1:
        return {"fault": "one phase only"}
    script = Path(__file__).with_name("peers.py")
    return last_line([sys.executable, script, name, path, json.dumps(conductivity), str(runs), str(threads)], limit)


def chromium(made):
    """Seconds of all volumes in a browser, or why there are none."""
    tasks = [{"path": str(path), "conductivity": conductivity} for _, path, conductivity in made]
    script = Path(__file__).with_name("chromium.mjs")
    answer = last_line(["node", script, json.dumps(tasks), str(OWN_RUNS)], 600)
    return [answer] * len(made) if "fault" in answer else answer["answers"]


def seconds(answer, ours=None):
    if "fault" in answer:
        return "–"
    text = f"{answer['seconds']:.2f}"
    if not answer.get("converged", True):
        text += " (not converged)"
    return text if ours is None else f"{text} (× {answer['seconds'] / ours:.0f})"


def deviation(value, expected):
    return f"{abs(value / expected - 1):.0e}"


def rows_of_table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def measure(made, runs, threads, limit, peers):
    speeds, agreements, faults = [], [], []
    in_browser = chromium(made)
    for (name, path, conductivity), browser in zip(made, in_browser):
        ours = native(path, conductivity)
        reference = peer("reference", path, conductivity, 1, threads, max(limit, 240))
        if "fault" in reference:
            sys.exit(f"bench: no reference: {reference['fault']}")
        centres = conduct(path, conductivity, "--electrodes", "centres", "--tolerance", "1e-10")
        expected = {"faces": reference["sigma"], "centres": centres["effective_conductivity"]}
        speed = [name, f"{ours['seconds']:.2f}", f"{ours['processor_seconds']:.2f}", seconds(browser)]
        sigma = ours["effective_conductivity"]
        agreement = [name, f"{sigma:.8g}", deviation(sigma, expected["faces"])]
        if "fault" in browser:
            faults.append(f"Chromium: {browser['fault']}")
        elif browser["effective_conductivity"] != sigma:
            faults.append(f"{name}: Chromium's conductivity is {browser['effective_conductivity']}, not {sigma}")
        hopeless = set()
        for title, key, ends in peers:
            if key in hopeless:
                answer = {"fault": "its default has not converged"}
            else:
                answer = peer(key, path, conductivity, runs, threads, limit)
            if key == "taufactor" and not answer.get("converged", True):
                hopeless.add("taufactor 1e-3")
            speed.append(seconds(answer, ours["seconds"]))
            if "fault" in answer:
                faults.append(f"{title}, {name}: {answer['fault']}")
                agreement.append("–")
            else:
                agreement.append(deviation(answer["sigma"], expected[ends]))
            print(f"{name}: {title} {json.dumps(answer)}", file=sys.stderr)
        speeds.append(speed)
        agreements.append(agreement)
        low, high = ours["spread"]
        print(
            f"{name}: catholyte {ours['seconds']:.3f} s ({low:.3f} to {high:.3f}), {ours['iterations']} iterations, "
            f"{(ours['peak_bytes'] or 0) / 1e6:.0f} MB; Chromium {json.dumps(browser)}",
            file=sys.stderr,
        )
    titles = [title for title, _, _ in peers]
    return "\n\n".join(
        [
            f"Seconds, and how many times as long as catholyte's (peers on {threads} thread{'s'[: threads > 1]}):",
            rows_of_table(["volume", "catholyte, one core", "its processor time", "in Chromium", *titles], speeds),
            "Effective conductivity, and the relative deviation from a solution to 1e-10:",
            rows_of_table(["volume", "catholyte's", "catholyte", *titles], agreements),
        ]
    ), sorted(set(faults))


def growth(folder):
    """Iterations and cost per unknown from 50^3 to 200^3."""
    rows = []
    for name, path, conductivity in volumes.write_growing(folder):
        ours = native(path, conductivity)
        unknowns = ours["volume_fraction"] * ours["connected_fraction"] * math.prod(ours["voxels"])
        cost = ours["seconds"] / unknowns * 1e6
        rows.append([name, f"{unknowns:.3g}", str(ours["iterations"]), f"{ours['seconds']:.2f}", f"{cost:.2f}"])
    head = ["volume", "unknowns", "iterations", "seconds", "µs per unknown"]
    grown = [float(rows[-1][k]) / float(rows[0][k]) for k in (2, 4)]
    return (
        "The same structure in growing volumes:\n\n"
        + rows_of_table(head, rows)
        + f"\n\nFrom the smallest to the largest, iterations grow × {grown[0]:.2f} and the cost of an unknown × {grown[1]:.2f}."
    )


def coupled():
    """Both rails of a cell in one solve, by length of the time step."""
    command = one_core([ROOT / "target/release/examples/coupled", "0.25", str(OWN_RUNS)])
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    head = ["step, s", "unknowns", "iterations", "relative residual", "seconds"]
    rows = [
        [f"{a['step_s']:g}", f"{a['unknowns']:.3g}", str(a["iterations"]), f"{a['relative_residual']:.0e}", f"{a['seconds']:.2f}"]
        for a in map(json.loads, lines)
    ]
    return "Both rails of `lyc-10` coupled, 100 × 100 × 200, to 1e-6 (none of the peers has such a network):\n\n" + rows_of_table(head, rows)


def write_readme(text):
    path = ROOT / "README.md"
    before, _, rest = path.read_text().partition(MARKS[0])
    _, closed, after = rest.partition(MARKS[1])
    if not closed:
        sys.exit(f"bench: README.md has no {MARKS[0]} ... {MARKS[1]}")
    path.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="write the tables between the marks in README.md")
    parser.add_argument("--peer-runs", type=int, default=3, help="runs of each peer (one if it takes over 8 s) [3]")
    parser.add_argument("--peers", default=",".join(key for _, key, _ in PEERS), help="which of them [%(default)s]")
    parser.add_argument("--limit", type=float, default=240, help="seconds for all runs of a peer on one volume [240]")
    parser.add_argument("--threads", type=int, default=2, help="threads of those that can use them [2]")
    parser.add_argument("--only", default="", help="volumes whose name contains this")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = [volume for volume in volumes.write(PROGRAM, Path(folder)) if asked.only in volume[0]]
        if not made:
            sys.exit(f"bench: no volume's name contains '{asked.only}'")
        peers = [p for p in PEERS if p[1] in asked.peers.split(",")]
        text, faults = measure(made, asked.peer_runs, asked.threads, asked.limit, peers)
        text += f"\n\nNo number: {'; '.join(faults)}." if faults else ""
        text += "\n\n" + coupled() + "\n\n" + growth(Path(folder))
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    text += f"\n\nLoad of the machine at the end: {load} on {os.cpu_count()} cores."
    print(text)
    if asked.readme:
        write_readme(text)


if __name__ == "__main__":
    main()
