// @ts-check
// The structure on the bench: built from the recipe or taken from a file, shown, measured, and with a current through it.

import { Builder } from './builder.js';
import { isAbort } from './simulator.js';
import { setUpFiles } from './views/files.js';
import { Flow } from './views/flow.js';
import { Import } from './views/import.js';
import { Rails } from './views/rails.js';
import { showStructure } from './views/structure.js';
import { showComposition } from './views/tables.js';

/** @typedef {import('./messages.js').Report} Report */
/** @typedef {import('./views/tables.js').Checked} Checked */

/**
 * What else there is on the page.
 * @typedef {object} Parts
 * @property {typeof import('./pkg/catholyte.js')} module
 * @property {import('./simulator.js').Simulator} simulator
 * @property {import('./runner.js').Runner} runner
 * @property {import('./views/run-bar.js').RunBar} bar
 * @property {import('./views/slices.js').Slices} slices
 * @property {Promise<import('./views/volume.js').VolumeView>} volume
 */

/**
 * @typedef {object} Hooks
 * @property {() => void} check looks at the recipe again
 * @property {() => void} onReady the recipe's structure is there, and nothing has been asked of it yet
 * @property {(error: unknown) => void} onFail
 */

export class Specimen {
  /** The current that is being computed. @type {AbortController | null} */
  #flowing = null;
  /** Does the structure that is shown have a current to draw? */
  #hasFlux = false;
  /** The recipe of the report on the bench. @type {import('./messages.js').Recipe | null} */
  #reported = null;
  #files;
  #flow;
  #rails;
  #enableFiles;

  /** @param {import('./bench.js').Bench} bench @param {Parts} parts @param {Hooks} hooks */
  constructor(bench, parts, hooks) {
    this.bench = bench;
    this.parts = parts;
    this.hooks = hooks;
    const { module, simulator, runner, bar } = parts;
    this.#files = new Import(simulator, () => bench.styles, (taken) => this.#take(taken), () => this.#release());
    this.#flow = new Flow((request, what) => void this.#conduct(request, what), () => this.#flowing?.abort());
    this.#rails = new Rails((materials, signal) => {
      const { recipe } = /** @type {Checked} */ (bench.checked);
      return simulator.rails(recipe, bench.imported, materials, signal);
    });
    this.#enableFiles = setUpFiles(module.file_formats(), simulator, hooks.onFail);
    this.builder = new Builder(module, simulator, () => bench.imported, {
      onStage: (stage, fraction) => {
        // A discharge that waits for its structure has nothing else to tell.
        const silent = runner.shown ? runner.shown.state !== 'waiting' : bench.isAnswered;
        if (!silent) bar.say('Building the structure', stage, fraction);
      },
      onSketch: (sketch, wanted) => this.#showSketch(sketch, wanted),
      onBuilt: (found, wanted) => {
        this.#show(wanted, found);
        // A structure that was made after its run does not talk over the result.
        if (runner.shown || bench.isAnswered) return;
        bar.say('Ready', '', 0);
        hooks.onReady();
      },
      onFail: hooks.onFail,
    });
  }

  /** The recipe is this one now: follows it. @param {Checked} wanted */
  want(wanted) {
    const { bench, parts: { module } } = this;
    // What is outdated is given up first, and may take the structure along.
    this.builder.want(wanted);
    const same = bench.imported !== null || (this.#reported !== null && module.same_structure(this.#reported, wanted.recipe));
    this.#tell(wanted, same ? bench.report : null);
  }

  /** The recipe has faults: there is nothing to build, nor to send a current through. */
  drop() {
    this.builder.drop();
    this.#rails.about(null, null);
  }

  /** Makes the recipe's structure, if it is not there. */
  ensure() {
    const { report, checked } = this.bench;
    if (!report && checked) this.builder.want(checked);
  }

  /** It is gone with its worker. It is not built anew at once: what crashed once would crash again. */
  lose() {
    this.bench.report = null;
    this.builder.has(null);
  }

  /**
   * Numbers of the mixture and, once there, of its structure.
   * @param {Checked} wanted
   * @param {Report | null} found
   */
  #tell(wanted, found) {
    const { bench, parts: { module } } = this;
    const { form, imported, styles } = bench;
    showComposition(module, wanted, found);
    const { title, carbon_coverage: carbon } = form.base;
    const reference = carbon !== null && !imported && form.isPreset() ? { title, carbon } : null;
    showStructure(styles, found, reference);
    const materials = module.conductivities(wanted.recipe);
    this.#flow.setMaterials(styles, materials);
    // A file may be on the bench while the recipe has faults.
    this.#rails.about((bench.checked && found?.voxel_hash) ?? null, materials);
    this.#files.show(imported, found?.grid ?? null);
    this.#enableFiles(found !== null);
  }

  /**
   * A structure is there: shows all of it.
   * @param {Checked} wanted
   * @param {Report} found
   */
  #show(wanted, found) {
    const { bench, parts: { simulator, slices, volume } } = this;
    bench.report = found;
    this.#reported = wanted.recipe;
    this.#tell(wanted, found);
    this.#keepFlux(found.has_flow);
    slices.setStructure(found, String(wanted.recipe.halide));
    const labels = simulator.labels();
    // A structure that is gone meanwhile is nobody's concern.
    labels.catch(() => {});
    void volume.then((view) => view.setStructure(found.grid, labels, bench.styles));
  }

  /** @param {import('./messages.js').Sketch} sketch @param {Checked} wanted */
  #showSketch(sketch, wanted) {
    const { bench, parts: { slices, volume } } = this;
    this.#keepFlux(false);
    slices.setSketch(sketch, String(wanted.recipe.halide));
    void volume.then((view) => view.setStructure(sketch.grid, Promise.resolve(sketch.labels), bench.styles));
  }

  /** @param {boolean} there does what is shown have a current to draw? */
  #keepFlux(there) {
    if (this.#hasFlux && !there) this.#flow.say('');
    this.#hasFlux &&= there;
  }

  /** @param {import('./messages.js').Volume} taken */
  async #take(taken) {
    const { bench, builder, parts: { module, simulator, runner, bar } } = this;
    const wanted = bench.checked ?? module.check_recipe(bench.form.base.recipe);
    builder.drop();
    if (runner.shown) runner.leave();
    const found = await simulator.build(wanted.recipe, taken);
    bench.imported = taken;
    bench.answered = null;
    builder.has(null);
    bar.showFiner(null);
    this.#show(wanted, found);
    if (!runner.shown) bar.say('Ready', '', 0);
  }

  #release() {
    this.bench.imported = this.bench.answered = null;
    this.builder.has(null);
    this.#files.show(null, null);
    this.hooks.check();
  }

  /** Sends a current through. @param {import('./messages.js').FlowRequest} request @param {string} what */
  async #conduct(request, what) {
    const { bench, parts: { module, simulator, runner, slices } } = this;
    const flow = this.#flow;
    if (!bench.checked || this.#flowing) return;
    const [{ recipe }, volume, where] = [bench.checked, bench.imported, bench.title()];
    this.#flowing = new AbortController();
    flow.enable(true);
    flow.say(runner.shown ? 'Waiting for the discharge to end …' : 'Computing …');
    try {
      const found = await simulator.flow(recipe, volume, request, { signal: this.#flowing.signal });
      flow.add(found, request, what, where);
      // With the structure its current is gone.
      const there = found.shown && bench.imported === volume && (volume !== null || (bench.checked !== null && module.same_structure(recipe, bench.checked.recipe)));
      if (!there) return flow.say('The picture has changed since: this was the structure before.');
      flow.say(found.percolates ? 'The cross-section shows the current density.' : 'No path joins the two ends.');
      this.#hasFlux = found.percolates;
      this.builder.has(recipe);
      slices.allow('flow', this.#hasFlux);
      if (this.#hasFlux) slices.show('flux');
    } catch (error) {
      flow.say(isAbort(error) ? 'Cancelled.' : '');
      slices.allow('flow', false);
      this.hooks.onFail(error);
      this.ensure();
    } finally {
      this.#flowing = null;
      flow.enable(false);
    }
  }
}
