// @ts-check
// The list of runs: what each was asked, how it is drawn, how far it is, what came out.

/** @typedef {import('./messages.js').Recipe} Recipe */
/** @typedef {import('./messages.js').Summary} Summary */
/** @typedef {'waiting' | 'running' | 'paused' | 'finished' | 'failed'} RunState */

/**
 * One run. `recipe` has every field; `file` names the volume that took the builder's place.
 * @typedef {object} Run
 * @property {number} id
 * @property {string} title
 * @property {string} preset name of the preset that the recipe started from
 * @property {Recipe} recipe
 * @property {string | null} file
 * @property {string} test what the electrode is put through, in short: a rate, or so many steps
 * @property {number} colour number in the row of curve colours
 * @property {boolean} dashed
 * @property {boolean} pinned
 * @property {boolean} hidden
 * @property {boolean} live begun by itself: makes way when the recipe changes before it has finished
 * @property {RunState} state
 * @property {number} fraction 0 to 1
 * @property {string} stage what is being done, in plain words
 * @property {number | null} seconds_left
 * @property {import('./messages.js').Curve} curve
 * @property {Summary | null} summary
 * @property {import('./messages.js').Failure | null} failure
 * @property {string} version of the program
 */

/** What a run begins with. @typedef {Pick<Run, 'title' | 'preset' | 'recipe' | 'file' | 'live'>} Wanted */

/** More are not kept: the oldest that are finished and not pinned go. */
export const MOST_RUNS = 60;

/**
 * Are two values of a field the same? A list is what it reads as.
 * @param {Recipe[string]} a
 * @param {Recipe[string]} b
 */
export const sameValue = (a, b) => String(a) === String(b);

/** Do both recipes ask for the same, field by field? @param {Recipe} a @param {Recipe} b */
export const sameRecipe = (a, b) => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => sameValue(a[key], b[key]));
};

/** @param {Recipe} recipe */
const countSteps = ({ protocol }) => String(protocol).split(/[\n;]/).filter((step) => step.trim()).length;

/** Does it have steps in place of a single discharge? @param {Recipe} recipe */
export const hasSteps = (recipe) => countSteps(recipe) > 0;

/** @param {Recipe} recipe */
export function testOf(recipe) {
  const steps = countSteps(recipe);
  return steps === 0 ? `${recipe.c_rate}C` : steps === 1 ? '1 step' : `${steps} steps`;
}

/** Is it under way or about to be? @param {Run} run */
export const isOpen = (run) => run.state === 'waiting' || run.state === 'running' || run.state === 'paused';

export class RunList extends EventTarget {
  /** @type {Run[]} */
  runs = [];
  #lastId = 0;
  /** Has a change been announced that nobody has heard of yet? */
  #pending = false;

  /**
   * @param {string} version of the program
   * @param {number} colours that curves take in turn
   */
  constructor(version, colours) {
    super();
    this.version = version;
    this.colours = colours;
  }

  /** @param {Wanted} wanted @returns {Run} */
  add(wanted) {
    const run = this.#dress({
      ...wanted,
      pinned: false,
      hidden: false,
      state: 'waiting',
      fraction: 0,
      stage: 'waiting',
      seconds_left: null,
      curve: {},
      summary: null,
      failure: null,
      version: this.version,
    });
    this.#set([...this.runs, run]);
    return run;
  }

  /**
   * Takes finished runs from elsewhere; what is here already is left out.
   * @param {Omit<Run, 'id' | 'test' | 'colour' | 'dashed'>[]} others
   * @returns {number} how many were new
   */
  take(others) {
    const fresh = others.filter((other) => !this.#twin(other));
    // One by one: each takes the colour that the others leave.
    for (const other of fresh) this.#set([...this.runs, this.#dress(other)]);
    return fresh.length;
  }

  /** @param {Run} run @param {Partial<Run>} change */
  change(run, change) {
    Object.assign(run, change);
    this.#tell();
  }

  /** @param {Run} run */
  remove(run) {
    this.#set(this.runs.filter((other) => other !== run));
  }

  /** The finished run of this very recipe, if there is one. @param {Recipe} recipe */
  find(recipe) {
    return this.runs.find((run) => this.#answers(run, recipe)) ?? null;
  }

  /** @param {Run} run @param {Recipe} recipe */
  #answers(run, recipe) {
    return run.state === 'finished' && run.file === null && run.version === this.version && sameRecipe(run.recipe, recipe);
  }

  /** @param {Pick<Run, 'title' | 'recipe' | 'version' | 'curve'>} other */
  #twin({ title, recipe, version, curve }) {
    const capacity = curve.capacity_mah_g;
    return this.runs.find(
      (run) =>
        run.title === title &&
        run.version === version &&
        sameRecipe(run.recipe, recipe) &&
        run.curve.capacity_mah_g?.length === capacity.length &&
        capacity.every((value, i) => value === run.curve.capacity_mah_g[i]),
    );
  }

  /** Gives a run its number, colour and line. @param {Omit<Run, 'id' | 'test' | 'colour' | 'dashed'>} run @returns {Run} */
  #dress(run) {
    // The colour that is used least, so that neighbours in the list differ even after others were removed.
    const used = Array.from({ length: 2 * this.colours }, () => 0);
    for (const { colour, dashed } of this.runs) used[(colour % this.colours) + (dashed ? this.colours : 0)] += 1;
    const place = used.indexOf(Math.min(...used));
    const id = ++this.#lastId;
    return {
      ...run,
      id,
      test: testOf(run.recipe),
      colour: place % this.colours,
      dashed: place >= this.colours,
    };
  }

  /** @param {Run[]} runs */
  #set(runs) {
    this.runs = runs;
    for (let over = runs.length - MOST_RUNS; over > 0; over -= 1) {
      const oldest = this.runs.find((run) => !run.pinned && !isOpen(run));
      if (!oldest) break;
      this.runs = this.runs.filter((run) => run !== oldest);
    }
    this.#tell();
  }

  /** Listeners hear of many changes at once. */
  #tell() {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      this.dispatchEvent(new Event('change'));
    });
  }
}
