// @ts-check
// The state of the bench in the address, and the ways back: undo, redo, and the browser's own.

import { byId, debounce } from './dom.js';
import { embedded } from './embed.js';
import { History } from './history.js';
import { iconButton } from './icons.js';
import { BadLink } from './link.js';

/** The address follows the view this long after the last change [ms]. */
const VIEW_MS = 250;

/**
 * @typedef {object} Hooks
 * @property {() => void} check looks at the recipe that was brought back
 * @property {() => void} onWrite the address was changed
 * @property {(failure: import('./messages.js').Failure) => void} onBadLink
 */

export class Address {
  #undo = iconButton('undo', 'Undo (Ctrl+Z)', () => this.step(-1));
  #redo = iconButton('redo', 'Redo (Ctrl+Shift+Z)', () => this.step(1));
  /** @type {History<import('./link.js').State>} */
  #history;

  /**
   * Begins with what the address says.
   * @param {import('./link.js').Links} links
   * @param {import('./bench.js').Bench} bench
   * @param {import('./views/slices.js').Slices} slices
   * @param {import('./views/plots.js').Plots} plots
   * @param {Hooks} hooks
   */
  constructor(links, bench, slices, plots, hooks) {
    this.links = links;
    this.bench = bench;
    this.slices = slices;
    this.plots = plots;
    this.hooks = hooks;
    byId('steps').prepend(this.#undo, this.#redo);
    // What is looked at takes no place of its own in the browser's history. The name of a place on the page stays.
    const keepView = debounce(VIEW_MS, () => {
      if (bench.checked && /^(#v|$)/.test(location.hash) && location.hash !== this.link) this.#write(false);
    });
    slices.addEventListener('shown', keepView);
    plots.addEventListener('change', keepView);
    this.#follow();
    this.#history = new History(bench.form.state);
    this.#enable();
    window.addEventListener('popstate', () => {
      this.#follow();
      hooks.check();
      this.#history.record(bench.form.state, null);
      this.#enable();
    });
  }

  /** The fragment of the address. */
  get link() {
    return this.links.write(this.bench.form.state, { ...this.slices.state, ...this.plots.state });
  }

  /** The recipe was changed, and has no faults. @param {string | null} knob by which it was, if by one */
  record(knob) {
    this.#change(this.#history.record(this.bench.form.state, knob));
  }

  /** Undoes or redoes. @param {1 | -1} direction */
  step(direction) {
    if (!(direction === 1 ? this.#history.canRedo : this.#history.canUndo)) return;
    // A recipe with faults is no step: undo leads back to the last one without.
    if (direction === 1 || this.bench.checked) this.#history.move(direction);
    this.bench.form.apply(this.#history.state);
    this.hooks.check();
    this.#change(true);
  }

  /** @param {boolean} own is it a place of its own in the browser's history? */
  #change(own) {
    this.#write(own && embedded === null);
    this.#enable();
    this.hooks.onWrite();
  }

  /** Browsers take their time over an address: what follows the change goes first. @param {boolean} own */
  #write(own) {
    const url = location.pathname + location.search + this.link;
    setTimeout(() => (own ? window.history.pushState(null, '', url) : window.history.replaceState(null, '', url)));
  }

  #enable() {
    this.#undo.disabled = !this.#history.canUndo;
    this.#redo.disabled = !this.#history.canRedo;
  }

  /** Takes the state of the address, or says why it cannot be taken. */
  #follow() {
    let state;
    try {
      state = this.links.read(location.hash);
    } catch (error) {
      if (!(error instanceof BadLink)) throw error;
      this.hooks.onBadLink({ code: 'link', stage: 'following the link', message: error.message, hint: 'The usual electrode is shown instead.' });
      state = this.links.read('');
      window.history.replaceState(null, '', location.pathname + location.search);
    }
    if (!state) return;
    this.bench.form.apply(state);
    this.slices.restore(state.view);
    this.plots.restore(state.view);
  }
}
