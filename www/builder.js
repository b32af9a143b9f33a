// @ts-check
// Follows the recipe with structures: a sketch at once, and the true one when the knob rests; the latest wish first.

import { sketchOf } from './sketch.js';

/** @typedef {import('./messages.js').Report} Report */
/** @typedef {import('./messages.js').Recipe} Recipe */
/** @typedef {import('./views/tables.js').Checked} Checked */

/** The true structure is begun once the knob has been still for so long [ms]. */
const STILL_MS = 200;

/**
 * @typedef {object} Hooks
 * @property {(stage: string, fraction: number) => void} onStage
 * @property {(sketch: import('./messages.js').Sketch, wanted: Checked) => void} onSketch
 * @property {(report: Report, wanted: Checked) => void} onBuilt
 * @property {(error: unknown) => void} onFail
 */

export class Builder {
  /** @type {Checked | null} */
  #wanted = null;
  #wantedAt = 0;
  /** @type {Promise<void> | null} */
  #sketching = null;
  /** @type {Promise<void> | null} */
  #building = null;
  /** @type {AbortController | null} */
  #fine = null;
  /** Ends the wait for a still knob. */
  #wake = () => {};
  /** The recipe whose structure the worker has. @type {Recipe | null} */
  #built = null;

  /**
   * @param {typeof import('./pkg/catholyte.js')} module
   * @param {import('./simulator.js').Simulator} simulator
   * @param {() => import('./messages.js').Volume | null} volume in place of the builder
   * @param {Hooks} hooks
   */
  constructor(module, simulator, volume, hooks) {
    this.module = module;
    this.simulator = simulator;
    this.volume = volume;
    this.hooks = hooks;
  }

  /** @param {Checked} wanted */
  want(wanted) {
    this.#wanted = wanted;
    this.#wantedAt = performance.now();
    this.#fine?.abort();
    this.#wake();
    this.#sketching ??= this.#sketch().finally(() => (this.#sketching = null));
    if (this.#building) return;
    this.simulator.rest(true);
    this.#building = this.#build().finally(() => {
      this.#building = null;
      this.simulator.rest(false);
    });
  }

  /** Nothing is wanted any more. */
  drop() {
    this.#wanted = null;
    this.#fine?.abort();
  }

  /** The worker has the structure of this recipe, or none. @param {Recipe | null} built */
  has(built) {
    this.#built = built;
  }

  /** Sketches what is wanted until nothing else is. It waits for no build, which takes a while to be given up. */
  async #sketch() {
    for (let last = null; this.#wanted && this.#wanted !== last; ) {
      const wanted = (last = this.#wanted);
      if (this.#isBuilt(wanted)) continue;
      try {
        const sketch = await this.simulator.sketch(sketchOf(this.module, wanted) ?? wanted.recipe);
        // A discharge or a current may have been quicker and made the true one.
        if (this.#wanted && !this.#isBuilt(wanted)) this.hooks.onSketch(sketch, wanted);
      } catch (error) {
        this.#fail(wanted, error);
      }
    }
  }

  async #build() {
    while (this.#wanted) {
      const wanted = this.#wanted;
      try {
        if (!this.#isBuilt(wanted)) {
          await this.#sketching;
          await this.#stillness();
        }
        if (this.#wanted !== wanted) continue;
        const fine = (this.#fine = new AbortController());
        const report = await this.simulator.build(wanted.recipe, this.volume(), {
          signal: fine.signal,
          onProgress: ({ stage, fraction }) => this.hooks.onStage(stage, fraction),
        });
        this.#built = wanted.recipe;
        if (this.#wanted !== wanted) continue;
        this.#wanted = null;
        this.hooks.onBuilt(report, wanted);
      } catch (error) {
        this.#fail(wanted, error);
      } finally {
        this.#fine = null;
      }
    }
  }

  /** @param {Checked} wanted @param {unknown} error */
  #fail(wanted, error) {
    if (this.#wanted === wanted) this.#wanted = null;
    this.hooks.onFail(error);
  }

  /** @param {Checked} wanted */
  #isBuilt({ recipe }) {
    return this.volume() !== null || (this.#built !== null && this.module.same_structure(this.#built, recipe));
  }

  /** Until the knob has been still, or has been turned. */
  #stillness() {
    return new Promise((resolve) => {
      this.#wake = () => resolve(null);
      setTimeout(this.#wake, this.#wantedAt + STILL_MS - performance.now());
    });
  }
}
