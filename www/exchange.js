// @ts-check
// Runs as text, for a file and for the browser's storage, and back: what comes from outside is checked to the last number.

import { COLUMNS } from './requests.js';
import { hasSteps } from './runs.js';

/** @typedef {import('./runs.js').Run} Run */
/** @typedef {Omit<Run, 'id' | 'test' | 'colour' | 'dashed'>} Loose a run without a place in a list */

const FORMAT = 'catholyte-runs';
const FORMAT_VERSION = 1;
const MOST_POINTS = 100_000;
const MOST_RUNS = 1000;
/** Numbers that the page shows of every run. */
const NUMBERS = ['discharge_capacity_mah_g', 'energy_wh_kg', 'charge_balance_error', 'lithium_balance_error', 'time_steps'];

/** A file of runs that cannot be taken, and why. */
export class BadFile extends Error {}

/** The finished runs as text. @param {Run[]} runs @param {string} version of the program */
export const writeRuns = (runs, version) =>
  JSON.stringify({ format: FORMAT, format_version: FORMAT_VERSION, version, runs: runs.filter((run) => run.summary).map(record) });

/** One run as it is stored; the seed is in the recipe, and named for whoever reads the file. @param {Run} run */
const record = (run) => ({
  title: run.title,
  version: run.version,
  seed: run.recipe.seed,
  preset: run.preset,
  file: run.file,
  pinned: run.pinned,
  hidden: run.hidden,
  recipe: run.recipe,
  summary: run.summary,
  ...Object.fromEntries(Object.entries(run.curve).map(([name, values]) => [name, Array.from(values)])),
});

/**
 * @param {string} text
 * @param {(recipe: any) => {recipe: import('./messages.js').Recipe} | {issues: import('./messages.js').RecipeIssue[]}} check
 * @returns {Loose[]}
 */
export function readRuns(text, check) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    throw new BadFile('It is no JSON. Files of runs are written by “Save all runs”.');
  }
  if (!isObject(data) || data.format !== FORMAT) throw new BadFile('It holds no runs of catholyte. Files of runs are written by “Save all runs”.');
  if (data.format_version !== FORMAT_VERSION) {
    throw new BadFile(`It is of format version ${say(data.format_version)}; this page reads version ${FORMAT_VERSION}.`);
  }
  if (!Array.isArray(data.runs)) throw new BadFile('Its list of runs is missing.');
  if (data.runs.length > MOST_RUNS) throw new BadFile(`It holds ${data.runs.length} runs; at most ${MOST_RUNS} are read.`);
  return data.runs.map((/** @type {unknown} */ run, /** @type {number} */ i) => readRun(run, `Run ${i + 1}`, check));
}

/**
 * @param {unknown} run
 * @param {string} name
 * @param {Parameters<typeof readRuns>[1]} check
 * @returns {Loose}
 */
function readRun(run, name, check) {
  const fault = (/** @type {string} */ what) => new BadFile(`${name}: ${what}`);
  if (!isObject(run)) throw fault('it is no object.');
  for (const key of ['title', 'version', 'preset']) {
    if (typeof run[key] !== 'string' || !run[key] || run[key].length > 200) throw fault(`${key} is ${say(run[key])}, not a text of up to 200 characters.`);
  }
  if (run.file !== null && typeof run.file !== 'string') throw fault(`file is ${say(run.file)}, neither a name nor null.`);
  for (const key of ['pinned', 'hidden']) if (typeof run[key] !== 'boolean') throw fault(`${key} is ${say(run[key])}, not true or false.`);
  if (!isObject(run.recipe)) throw fault('its recipe is missing.');
  const checked = check(run.recipe);
  if ('issues' in checked) {
    const [{ path, value, allowed }] = checked.issues;
    throw fault(`${path} of its recipe is ${say(value)}; allowed is ${allowed}.`);
  }
  if (run.seed !== checked.recipe.seed) throw fault(`its seed is ${say(run.seed)}, but ${checked.recipe.seed} in the recipe.`);
  const { summary } = run;
  if (!isObject(summary)) throw fault('its summary is missing.');
  for (const key of NUMBERS) if (!Number.isFinite(summary[key])) throw fault(`${key} is ${say(summary[key])}, not a number.`);
  // Nothing may have been discharged.
  if (summary.mean_voltage_v !== null && !Number.isFinite(summary.mean_voltage_v)) throw fault(`mean_voltage_v is ${say(summary.mean_voltage_v)}, neither a number nor null.`);
  const { first_cycle_efficiency: efficiency = null } = summary;
  if (efficiency !== null && !Number.isFinite(efficiency)) throw fault(`first_cycle_efficiency is ${say(efficiency)}, neither a number nor null.`);
  const { steps = [] } = summary;
  if (!Array.isArray(steps)) throw fault('steps of its summary is no list.');
  const bad = steps.findIndex((step) => !isStep(step));
  if (bad >= 0) throw fault(`step ${bad + 1} of its summary is ${say(steps[bad])}, not what a step came to.`);
  if (summary.stop_reason !== null && typeof summary.stop_reason !== 'string') throw fault(`stop_reason is ${say(summary.stop_reason)}, not a text.`);
  const column = (/** @type {string} */ key) => {
    const values = run[key];
    if (!Array.isArray(values) || values.length > MOST_POINTS) throw fault(`${key} is no list of up to ${MOST_POINTS} numbers.`);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw fault(`${key} has ${say(values[bad])} as point ${bad + 1}.`);
    return Float64Array.from(values);
  };
  // Runs of earlier versions, single discharges, tell charge and voltage alone.
  const single = !hasSteps(checked.recipe) && run.time_s === undefined;
  const names = single ? ['capacity_mah_g', 'voltage_v'] : COLUMNS;
  const curve = Object.fromEntries(names.map((name) => [name, column(name)]));
  const { capacity_mah_g: capacity, step } = curve;
  for (const name of names) {
    if (curve[name].length !== capacity.length) throw fault(`${name} has ${curve[name].length} points, but capacity_mah_g ${capacity.length}.`);
  }
  if (step?.some((value, i) => !Number.isInteger(value) || value < (step[i - 1] ?? 0))) throw fault('its steps do not follow each other.');
  if (capacity.some((value, i) => i > 0 && value < capacity[i - 1] && (!step || step[i] === step[i - 1]))) throw fault('its capacities do not rise.');
  return {
    title: run.title,
    version: run.version,
    preset: run.preset,
    file: run.file,
    pinned: run.pinned,
    hidden: run.hidden,
    recipe: checked.recipe,
    summary: /** @type {import('./messages.js').Summary} */ (summary),
    curve,
    live: false,
    state: 'finished',
    fraction: 1,
    stage: 'finished',
    seconds_left: null,
    failure: null,
  };
}

/** @param {unknown} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param {unknown} step @returns {step is import('./messages.js').StepSummary} */
function isStep(step) {
  if (!isObject(step) || !isObject(step.drive)) return false;
  const { drive, mean_voltage_v: mean, stop_reason: end } = step;
  const numbers = [drive.c_rate ?? drive.voltage, step.capacity_mah_g, step.final_voltage_v, step.duration_s, mean ?? 0];
  return numbers.every((value) => Number.isFinite(value)) && (end === null || typeof end === 'string');
}

/** @param {unknown} value */
function say(value) {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
