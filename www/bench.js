// @ts-check
// What is on the bench at the moment: the recipe, its structure, and the result beside the bar.

import { sameRecipe } from './runs.js';

/** @typedef {import('./messages.js').Recipe} Recipe */

export class Bench {
  /** The recipe, and what it comes to; null while it has faults. @type {import('./views/tables.js').Checked | null} */
  checked = null;
  /** The structure's numbers. @type {import('./messages.js').Report | null} */
  report = null;
  /** A structure from a file, in place of the builder. @type {import('./messages.js').Volume | null} */
  imported = null;
  /** The recipe of the result beside the bar. @type {Recipe | null} */
  answered = null;
  /** What it came to. @type {import('./messages.js').Summary | null} */
  result = null;

  /** @param {typeof import('./pkg/catholyte.js')} module @param {import('./views/form.js').Form} form */
  constructor(module, form) {
    this.module = module;
    this.form = form;
  }

  /** Is the result that of the recipe? */
  get isAnswered() {
    return this.checked !== null && this.answered !== null && sameRecipe(this.checked.recipe, this.answered);
  }

  /** What it is called. @param {Recipe} [recipe] */
  title(recipe) {
    return this.imported ? this.imported.file.name : this.form.title(recipe);
  }

  /** Names and colours of the phases. @returns {import('./views/slices.js').PhaseStyle[]} */
  get styles() {
    return this.module.phase_styles(String((this.checked?.recipe ?? this.form.base.recipe).halide));
  }
}
