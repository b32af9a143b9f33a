// @ts-check
// Follows the recipe with structures: one at a time, the latest wish first, a sketch before the true one.

import { sketchOf } from './sketch.js';

/** @typedef {import('./messages.js').Report} Report */
/** @typedef {import('./messages.js').Recipe} Recipe */
/** @typedef {import('./views/tables.js').Checked} Checked */

/** The true structure is begun once the knob has been still for so long [ms]. */
const STILL_MS = 200;

/**
 * @typedef {object} Hooks
 * @property {(stage: string, fraction: number) => void} onStage
 * @property {(report: Report, wanted: Checked) => Promise<void>} onSketch
 * @property {(report: Report, wanted: Checked) => void} onBuilt
 * @property {(error: unknown) => void} onFail
 */

export class Builder {
  /** @type {Checked | null} */
  #wanted = null;
  #wantedAt = 0;
  /** @type {Promise<void> | null} */
  #working = null;
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
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  /** Nothing is wanted any more. */
  drop() {
    this.#wanted = null;
    this.#fine?.abort();
  }

  /** The worker's structure is gone, or is another one. @param {Recipe | null} [built] */
  forget(built = null) {
    this.#built = built;
  }

  async #work() {
    while (this.#wanted) {
      const wanted = this.#wanted;
      try {
        if (await this.#sketch(wanted)) await this.#stillness();
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
        if (this.#wanted === wanted) this.#wanted = null;
        this.hooks.onFail(error);
      } finally {
        this.#fine = null;
      }
    }
  }

  /** A sketch first, if the voxels differ. @param {Checked} wanted @returns {Promise<boolean>} was there one? */
  async #sketch(wanted) {
    if (this.volume() || (this.#built && this.module.same_structure(this.#built, wanted.recipe))) return false;
    this.#built = null;
    const recipe = sketchOf(this.module, wanted) ?? wanted.recipe;
    await this.hooks.onSketch(await this.simulator.sketch(recipe, wanted.recipe), wanted);
    return true;
  }

  /** Until the knob has been still, or has been turned. */
  #stillness() {
    return new Promise((resolve) => {
      this.#wake = () => resolve(null);
      setTimeout(this.#wake, this.#wantedAt + STILL_MS - performance.now());
    });
  }
}
