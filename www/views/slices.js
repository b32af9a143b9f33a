// @ts-check
// The cross-sections: which field, when, in which colours; three cuts that meet in one voxel, the main one with axes.

import { byId, element, format } from '../dom.js';
import { isGone } from '../simulator.js';
import { AXES, Cursor, middle } from './cursor.js';
import { Reading } from './reading.js';
import { SlicePanel } from './slice-panel.js';
import { StarvedTable, lack } from './starved.js';
import { Timeline } from './timeline.js';

/** @typedef {import('../messages.js').Axis} Axis */
/** @typedef {import('../messages.js').Scale} Scale */
/** @typedef {import('../messages.js').Starved} Starved */
/** @typedef {import('./slice-panel.js').Shown} Shown */
/** @typedef {import('./slice-panel.js').Voxel} Voxel */
/** @typedef {{key: string, label: string, bar: string, unit: string, needs: '' | 'run' | 'flow', fixed: Scale | null}} View */
/** @typedef {{key: string, label: string, rgb: number[]}} PhaseStyle */

/** What the other views draw as well. @typedef {{view: View, time_s: number | null, scale: Scale, colormap: string}} Colours */

const COLORMAPS = ['viridis', 'cividis', 'greys'];

/** Tells by the event `shown` that the pictures show something else, and by `structure` that there is another structure. */
export class Slices extends EventTarget {
  #field = /** @type {HTMLSelectElement} */ (byId('slice-field'));
  #position = /** @type {HTMLInputElement} */ (byId('slice-position'));
  #colormap = /** @type {HTMLSelectElement} */ (byId('slice-colormap'));
  #limits = /** @type {HTMLSelectElement} */ (byId('slice-limits'));
  #ring = /** @type {HTMLInputElement} */ (byId('slice-ring'));
  #arrows = /** @type {HTMLInputElement} */ (byId('slice-arrows'));
  /** The field that the visitor has chosen; null leaves it to the page. @type {string | null} */
  #chosen = null;
  #halide = 'lyc';
  /** @type {Shown | null} */
  #shown = null;
  /** @type {Promise<void> | null} */
  #fetching = null;
  #wanted = false;
  /** Of which instant of which structure the starved particles are known. */
  #starvedOf = '';
  #structures = 0;
  /** What is shown until the structure is built. @type {import('../messages.js').Sketch | null} */
  #sketch = null;
  /** @type {Map<number, Starved>} */
  #starved = new Map();

  /**
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {import('../simulator.js').Simulator} simulator
   * @param {Cursor} cursor
   */
  constructor(module, simulator, cursor) {
    super();
    this.module = module;
    this.simulator = simulator;
    this.cursor = cursor;
    /** @type {View[]} */
    this.views = module.slice_views();
    this.timeline = new Timeline(() => this.refresh());
    this.table = new StarvedTable(({ centre_um }) => cursor.goTo(centre_um));
    const panel = (/** @type {string} */ id, /** @type {boolean} */ bare) =>
      new SlicePanel(byId(id), module, bare, (voxel) => this.reading.say(voxel), ({ at }) => cursor.move(at));
    this.reading = new Reading(cursor, () => this.panels[0].here, (voxel) => this.#tell(voxel));
    this.panels = [panel('slice', false), panel('slice-second', true), panel('slice-third', true)];
    this.#field.append(...this.views.map((v) => element('option', { value: v.key, disabled: v.needs !== '' }, v.label)));
    this.#colormap.append(...COLORMAPS.map((name) => element('option', { value: name }, name)));
    this.#buildAxes();
    this.#field.addEventListener('change', () => {
      this.#chosen = this.#field.value;
      this.refresh();
    });
    this.#position.addEventListener('input', () => this.#moveTo(this.#position.valueAsNumber));
    for (const control of [this.#colormap, this.#limits, this.#ring, this.#arrows]) control.addEventListener('change', () => this.#show());
    cursor.addEventListener('move', () => this.refresh());
  }

  /** Draws again, in other colours or another size. */
  redraw() {
    for (const panel of this.panels) panel.redraw();
  }

  /**
   * A structure was built.
   * @param {import('../messages.js').Report} report
   * @param {string} halide
   */
  setStructure({ grid, has_run, has_flow }, halide) {
    if (!has_run) this.timeline.follow();
    this.#replace(grid, halide, null, { run: has_run, flow: has_flow });
  }

  /**
   * A structure is on its way, and looks like this.
   * @param {import('../messages.js').Sketch} sketch
   * @param {string} halide
   */
  setSketch(sketch, halide) {
    this.timeline.follow();
    this.#replace(sketch.grid, halide, sketch, { run: false, flow: false });
  }

  /** @param {import('../messages.js').Grid} grid @param {string} halide @param {import('../messages.js').Sketch | null} sketch @param {{run: boolean, flow: boolean}} has */
  #replace(grid, halide, sketch, has) {
    this.#halide = halide;
    this.#structures += 1;
    this.allow('run', has.run);
    this.allow('flow', has.flow);
    this.#sketch = sketch;
    // It tells of its move, which refreshes.
    this.cursor.setGrid(grid);
  }

  /** Are there fields of a run, or of a flow, to show? @param {'run' | 'flow'} needs @param {boolean} there */
  allow(needs, there) {
    // What has a run or a flow is built.
    if (there) this.#sketch = null;
    for (const [i, view] of this.views.entries()) {
      if (view.needs === needs) this.#field.options[i].disabled = !there;
    }
    if (!there && this.#view().needs === needs) this.#field.value = 'phase';
  }

  /** Shows a field of a run that begins, if the visitor has not chosen another one. @param {string} key */
  suggest(key) {
    this.timeline.follow();
    if (this.#chosen !== null) this.#choose(this.#chosen);
    else if (this.#field.value === 'phase') this.#field.value = key;
    this.refresh();
  }

  /** Shows a field if it is there. @param {string} key */
  #choose(key) {
    if ([...this.#field.options].some((option) => option.value === key && !option.disabled)) this.#field.value = key;
  }

  /** What a link keeps of the sections. @returns {Pick<import('../link.js').View, 'cut' | 'at' | 'show'>} */
  get state() {
    return { cut: this.cursor.axis, at: this.cursor.state, show: this.#chosen };
  }

  /** @param {import('../link.js').View} view */
  restore({ cut, at, show }) {
    this.#chosen = show;
    this.#choose(show ?? 'phase');
    /** @type {HTMLInputElement} */ (byId('slice-axis').querySelector(`[value=${cut}]`)).checked = true;
    this.cursor.restore(/** @type {Axis} */ (cut), at);
  }

  /** Shows a field. @param {string} key */
  show(key) {
    this.#field.value = key;
    this.refresh();
  }

  /** What is shown, for views that follow; null before there is anything. @returns {Colours | null} */
  get colours() {
    return this.#shown && { view: this.#shown.view, time_s: this.timeline.time, scale: this.#shown.scale, colormap: this.#shown.colormap };
  }

  /** The instant that is shown, if it is one of a run. */
  get instant() {
    const slices = this.#shown?.slices;
    return slices && slices.instant >= 0 ? slices.instants[slices.instant] : null;
  }

  /** Shows the present choice: asks the worker for it, and while an answer is under way, only the latest choice counts. */
  refresh() {
    this.#showPlace();
    if (this.#sketch) return this.#cutSketch(this.#sketch);
    this.#wanted = this.cursor.size !== null;
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = null));
  }

  async #fetch() {
    while (this.#wanted) {
      this.#wanted = false;
      const [view, { at, size }, time, structure] = [this.#view(), this.cursor, this.timeline.time, this.#structures];
      try {
        const slices = await this.simulator.slices(view.key, at, time);
        const starvedOf = `${structure} ${time ?? slices.instants.at(-1)?.time_s}`;
        const starved = starvedOf === this.#starvedOf ? null : await this.simulator.starved(time);
        // Meanwhile there is another structure: its own pictures are asked for next.
        if (structure !== this.#structures) continue;
        if (starved) this.#tellStarved(starved);
        this.#starvedOf = starvedOf;
        this.#take({ slices, view, at, size: /** @type {import('../messages.js').Vector} */ (size) });
      } catch (error) {
        // A cut through a structure that was replaced meanwhile: the next structure brings its own.
        if (!isGone(error)) throw error;
      }
    }
  }

  /** @param {import('../messages.js').Sketch} sketch */
  #cutSketch({ grid, labels }) {
    const { at } = this.cursor;
    this.#tellStarved(null);
    this.#starvedOf = '';
    this.#take({ slices: this.module.sketch_slices(grid, labels, new Uint32Array(at)), view: this.#view(), at, size: grid.size });
  }

  /** @param {Pick<Shown, 'slices' | 'view' | 'at' | 'size'>} cut */
  #take(cut) {
    this.timeline.update(cut.slices.instants, cut.slices.instant);
    this.#shown = { ...cut, ...this.#look(cut.view, cut.slices) };
    this.#show();
  }

  /** @param {Starved[] | null} particles null while nobody knows */
  #tellStarved(particles) {
    this.#starved = new Map((particles ?? []).map((particle) => [particle.number, particle]));
    this.table.show(particles);
  }

  /** @param {View} view @param {import('../messages.js').Slices} slices */
  #look(view, slices) {
    const fitted = this.#limits.value === 'fit' || !view.fixed;
    const { from, to } = slices;
    // A logarithm needs something above zero to begin with.
    const log = view.fixed?.log ?? false;
    const scale = fitted ? { from: log ? Math.max(from, to * 1e-4) : from, to, log } : /** @type {Scale} */ (view.fixed);
    const ringed = this.#ring.checked ? [...this.#starved.values()] : [];
    return { scale, colormap: this.#colormap.value, halide: this.#halide, ringed, arrows: this.#arrows.checked ? slices.arrows : null };
  }

  #show() {
    const shown = this.#shown;
    if (!shown) return;
    Object.assign(shown, this.#look(shown.view, shown.slices));
    const { axis } = this.cursor;
    const [second, third] = AXES.filter((other) => other !== axis);
    for (const [i, cut] of [axis, second, third].entries()) this.panels[i].show(shown, cut);
    for (const [id, cut] of /** @type {[string, Axis][]} */ ([['slice-second', second], ['slice-third', third]])) {
      byId(`${id}-place`).textContent = this.cursor.place(cut);
      byId(`${id}-box`).dataset.cut = cut;
    }
    byId('colours').hidden = shown.view.key === 'phase';
    byId('limits').hidden = shown.view.fixed === null;
    this.#sayArrows(shown);
    this.#drawLegend(shown);
    this.reading.follow();
    this.dispatchEvent(new Event('shown'));
  }

  #view() {
    return /** @type {View} */ (this.views.find((v) => v.key === this.#field.value));
  }

  /** @param {number} index along the main cut's axis */
  #moveTo(index) {
    this.cursor.move(AXES.map((axis) => (axis === this.cursor.axis ? index : undefined)));
  }

  #buildAxes() {
    byId('slice-axis').append(
      ...AXES.map((axis) => {
        const input = element('input', { type: 'radio', name: 'slice-axis', value: axis });
        input.checked = axis === this.cursor.axis;
        input.addEventListener('change', () => this.cursor.turn(axis));
        return element('label', { class: 'chip' }, input, element('span', {}, axis));
      }),
    );
  }

  #showPlace() {
    const { index, last } = this.cursor.cut;
    this.#position.max = String(last);
    this.#position.value = String(index);
    const text = this.cursor.size ? this.cursor.place() : '';
    byId('slice-place').textContent = text;
    this.#position.setAttribute('aria-valuetext', text);
  }

  /** What the arrows mean. @param {Shown} shown */
  #sayArrows({ slices: { arrows }, view }) {
    byId('arrows').hidden = arrows === null;
    if (!arrows) return;
    const edge = `${format(arrows.edge_um, 2)} µm`;
    byId('arrows-say').textContent = `Arrows, ${edge} long at ${format(arrows.unit, 3)} ${view.unit}`;
    byId('arrows').title = `Means over blocks of ${edge}, pores and other phases included. The length stands for the current over the electrode’s area.`;
  }

  /** Names the phases that the main cut shows. @param {Shown} shown */
  #drawLegend(shown) {
    const legend = byId('slice-legend');
    legend.hidden = shown.view.key !== 'phase';
    if (legend.hidden) return;
    const present = new Set(shown.slices[this.cursor.axis].data);
    const items = this.#styles().flatMap((style, label) => {
      if (!present.has(label)) return [];
      const swatch = element('span', { class: 'swatch' });
      swatch.style.background = `rgb(${style.rgb.join(' ')})`;
      return [element('li', {}, swatch, style.label)];
    });
    legend.replaceChildren(...items);
  }

  /** @returns {PhaseStyle[]} */
  #styles() {
    return this.module.phase_styles(this.#halide);
  }

  /** What a voxel is, or what there is to do. @param {Voxel | null} voxel */
  #tell(voxel) {
    const view = this.#shown?.view ?? this.#view();
    if (!voxel) return `Point to read a voxel, click to cut there.${view.key === 'phase' ? '' : ' Grey: no value.'}`;
    const { at, value, particle } = voxel;
    const place = at.map((i) => middle(i, this.cursor.voxel_um)).join(', ');
    const starved = this.#starved.get(particle);
    const whose = particle < 0 ? '' : `, particle ${particle}${starved ? ` (${lack(starved)})` : ''}`;
    const what =
      view.key === 'phase'
        ? this.#styles()[value]?.label
        : Number.isNaN(value)
          ? 'no value here'
          : `${format(value, 4)} ${view.unit}`.trim();
    return `(${place}) µm: ${what}${whose}`;
  }
}
