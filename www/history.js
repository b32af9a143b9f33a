// @ts-check
// Undo and redo over whole states.

/** Turning one knob is one step, if it is not let go for longer than this [ms]. */
const ONE_GO_MS = 1000;

/** @template State */
export class History {
  /** @type {State[]} */
  #states;
  #now = 0;
  /** What changed last, and when. */
  #last = { knob: /** @type {string | null} */ (null), time: 0 };

  /** @param {State} first */
  constructor(first) {
    this.#states = [first];
  }

  /**
   * A state after a change; what was undone before it is forgotten.
   * @param {State} state
   * @param {string | null} knob what was changed: a change of the same one shortly after belongs to the same step
   * @returns {boolean} is it a step of its own?
   */
  record(state, knob) {
    const time = performance.now();
    const same = knob !== null && knob === this.#last.knob && time - this.#last.time < ONE_GO_MS && this.#now > 0;
    this.#last = { knob, time };
    this.#now += same ? 0 : 1;
    this.#states.splice(this.#now, Infinity, state);
    return !same;
  }

  get state() {
    return this.#states[this.#now];
  }
  get canUndo() {
    return this.#now > 0;
  }
  get canRedo() {
    return this.#now < this.#states.length - 1;
  }

  /** @param {1 | -1} step 1 redoes */
  move(step) {
    this.#last.knob = null;
    this.#now = Math.min(Math.max(this.#now + step, 0), this.#states.length - 1);
    return this.state;
  }
}
