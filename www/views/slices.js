// @ts-check
// The cross-section: which field, across which axis, where; and what lies under the pointer.

import { byId, element, format } from '../dom.js';
import { isGone } from '../simulator.js';
import { isDark } from '../theme.js';
import { fitCanvas, oneAFrame, watchSize } from './canvas.js';

/** @typedef {import('../messages.js').Axis} Axis */
/** @typedef {import('../messages.js').Slice} Slice */
/** @typedef {{key: string, label: string, bar: string, unit: string, needs: '' | 'run' | 'flow'}} View */
/** @typedef {{left: number, top: number, width: number, height: number, x: number[], y: number[]}} Frame */
/** @typedef {{key: string, label: string, rgb: number[]}} PhaseStyle */
/** @typedef {Slice & {field: string, axis: Axis, index: number}} Shown a cross-section and what was asked for */

/** @type {Axis[]} */
const AXES = ['x', 'y', 'z'];
const COLORMAPS = ['viridis', 'cividis', 'greys'];

/** @param {Axis} axis @param {number} index @param {number} voxel_um */
const placeText = (axis, index, voxel_um) => `${axis} = ${((index + 0.5) * voxel_um).toFixed(1)} µm`;

export class Slices {
  #canvas = /** @type {HTMLCanvasElement} */ (byId('slice'));
  #field = /** @type {HTMLSelectElement} */ (byId('slice-field'));
  #position = /** @type {HTMLInputElement} */ (byId('slice-position'));
  #colormap = /** @type {HTMLSelectElement} */ (byId('slice-colormap'));
  /** @type {Axis} */
  #axis = 'y';
  /** @type {import('../messages.js').Grid | null} */
  #grid = null;
  #halide = 'lyc';
  /** @type {Shown | null} */
  #shown = null;
  /** @type {Frame | null} */
  #frame = null;
  /** @type {Promise<void> | null} */
  #fetching = null;
  #wanted = false;
  /** The last cut that others were told of. */
  #told = '';
  /** Particle numbers and what is special about them. @type {Map<number, string>} */
  #remarks = new Map();

  /**
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {import('../simulator.js').Simulator} simulator
   * @param {() => void} onCut told when the cut has another place
   */
  constructor(module, simulator, onCut) {
    this.module = module;
    this.simulator = simulator;
    this.onCut = onCut;
    /** @type {View[]} */
    this.views = module.slice_views();
    this.redraw = oneAFrame(() => this.#draw());
    this.#field.append(...this.views.map((v) => element('option', { value: v.key, disabled: v.needs !== '' }, v.label)));
    this.#colormap.append(...COLORMAPS.map((name) => element('option', { value: name }, name)));
    this.#buildAxes();
    this.#field.addEventListener('change', () => void this.refresh());
    this.#position.addEventListener('input', () => void this.refresh());
    this.#colormap.addEventListener('change', () => this.redraw());
    for (const kind of /** @type {const} */ (['pointermove', 'pointerdown'])) {
      this.#canvas.addEventListener(kind, (event) => this.#read(event));
    }
    this.#canvas.addEventListener('pointerleave', () => this.#say(null));
    watchSize(this.#canvas, this.redraw);
  }

  /**
   * A structure was built.
   * @param {import('../messages.js').Report} report
   * @param {string} halide
   */
  setStructure(report, halide) {
    const first = this.#grid === null;
    this.#grid = report.grid;
    this.#halide = halide;
    const { nca } = report.analysis.connectivity;
    this.#remarks = new Map([
      ...nca.weakly_wired_particles.map((n) => /** @type {const} */ ([n, 'weakly wired'])),
      ...nca.ionically_isolated_particles.map((n) => /** @type {const} */ ([n, 'ionically isolated'])),
      ...nca.electronically_isolated_particles.map((n) => /** @type {const} */ ([n, 'electronically isolated'])),
    ]);
    this.allow('run', report.has_run);
    this.allow('flow', report.has_flow);
    this.#limitPosition(first ? 0.5 : null);
    return this.refresh();
  }

  /** Are there fields of a run, or of a flow, to show? @param {'run' | 'flow'} needs @param {boolean} there */
  allow(needs, there) {
    for (const [i, view] of this.views.entries()) {
      if (view.needs === needs) this.#field.options[i].disabled = !there;
    }
    if (!there && this.#view().needs === needs) this.#field.value = 'phase';
  }

  /** Shows a field, if the visitor has not chosen another one than the phases. @param {string} key */
  suggest(key) {
    if (this.#field.value === 'phase') this.#field.value = key;
    void this.refresh();
  }

  /** Shows a field. @param {string} key */
  show(key) {
    this.#field.value = key;
    void this.refresh();
  }

  /** Where the cut is, and how far it can go. */
  get cut() {
    return { axis: this.#axis, index: this.#position.valueAsNumber, last: Number(this.#position.max) };
  }

  /** The same in words. */
  get place() {
    return this.#grid ? placeText(this.#axis, this.#position.valueAsNumber, this.#grid.voxel_um) : '';
  }

  /** Moves the cut from elsewhere. @param {number} index */
  moveTo(index) {
    this.#position.value = String(index);
    void this.refresh();
  }

  /** Asks the worker for the present choice; while an answer is under way, only the latest choice counts. */
  refresh() {
    this.#showPlace();
    this.#wanted = this.#grid !== null;
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = null));
    return this.#fetching;
  }

  async #fetch() {
    while (this.#wanted) {
      this.#wanted = false;
      const [field, axis, index] = [this.#field.value, this.#axis, this.#position.valueAsNumber];
      try {
        this.#shown = { ...(await this.simulator.slice(field, axis, index)), field, axis, index };
        this.redraw();
      } catch (error) {
        // A cut through a structure that was replaced meanwhile: the next structure brings its own.
        if (!isGone(error)) throw error;
      }
    }
  }

  #view() {
    return /** @type {View} */ (this.views.find((v) => v.key === this.#field.value));
  }

  #buildAxes() {
    byId('slice-axis').append(
      ...AXES.map((axis) => {
        const input = element('input', { type: 'radio', name: 'slice-axis', value: axis });
        input.checked = axis === this.#axis;
        input.addEventListener('change', () => {
          this.#axis = axis;
          this.#limitPosition(0.5);
          void this.refresh();
        });
        return element('label', { class: 'chip' }, input, element('span', {}, axis));
      }),
    );
  }

  /** Keeps the position inside the volume; `share` sets it, null keeps its relative place. @param {number | null} share */
  #limitPosition(share) {
    if (!this.#grid) return;
    const before = Number(this.#position.max) || 1;
    const last = this.#grid.size[AXES.indexOf(this.#axis)] - 1;
    const kept = share ?? this.#position.valueAsNumber / before;
    this.#position.max = String(last);
    this.#position.value = String(Math.round(kept * last));
  }

  #showPlace() {
    if (!this.#grid) return;
    const text = this.place;
    byId('slice-place').textContent = text;
    this.#position.setAttribute('aria-valuetext', text);
    const { axis, index, last } = this.cut;
    const cut = `${axis} ${index} ${last}`;
    if (cut !== this.#told) this.onCut();
    this.#told = cut;
  }

  #draw() {
    const shown = this.#shown;
    if (!shown || !fitCanvas(this.#canvas)) return;
    const view = /** @type {View} */ (this.views.find((v) => v.key === shown.field));
    this.#frame = this.module.draw_slice(this.#canvas, shown.data, shown.rows, shown.columns, {
      pixel_ratio: window.devicePixelRatio || 1,
      dark: isDark(),
      axis: shown.axis,
      voxel_um: shown.voxel_um,
      field: shown.field,
      label: view.bar,
      from: shown.from,
      to: shown.to,
      colormap: this.#colormap.value,
      halide: this.#halide,
    });
    this.#canvas.setAttribute('aria-label', `${view.label}, cross-section at ${placeText(shown.axis, shown.index, shown.voxel_um)}`);
    byId('colours').hidden = shown.field === 'phase';
    this.#drawLegend(shown);
  }

  /** Names the phases that this cut shows. @param {Shown} shown */
  #drawLegend(shown) {
    const legend = byId('slice-legend');
    legend.hidden = shown.field !== 'phase';
    if (legend.hidden) return;
    const present = new Set(shown.data);
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

  /** Reads the voxel under the pointer. @param {PointerEvent} event */
  #read(event) {
    const [shown, frame] = [this.#shown, this.#frame];
    if (!shown || !frame) return;
    const u = (event.offsetX - frame.left) / frame.width;
    const v = 1 - (event.offsetY - frame.top) / frame.height;
    if (u < 0 || u >= 1 || v < 0 || v >= 1) return this.#say(null);
    // Cuts along z lie on their side: their rows run to the right.
    const lying = shown.axis !== 'z';
    const row = Math.floor((lying ? u : v) * shown.rows);
    const column = Math.floor((lying ? v : u) * shown.columns);
    const at = { x: [shown.index, column, row], y: [column, shown.index, row], z: [column, row, shown.index] }[shown.axis];
    const place = at.map((i) => ((i + 0.5) * shown.voxel_um).toFixed(1)).join(', ');
    const [value, number] = [shown.data, shown.particle].map((values) => values[row * shown.columns + column]);
    const remark = this.#remarks.get(number);
    const whose = number < 0 ? '' : `, particle ${number}${remark ? ` (${remark})` : ''}`;
    const view = /** @type {View} */ (this.views.find((w) => w.key === shown.field));
    const what =
      shown.field === 'phase'
        ? this.#styles()[value]?.label
        : Number.isNaN(value)
          ? 'no value here'
          : `${format(value, 5)} ${view.unit}`.trim();
    this.#say(`(${place}) µm: ${what}${whose}`);
  }

  /** @param {string | null} text */
  #say(text) {
    const reading = byId('slice-reading');
    reading.textContent = text ?? 'Point at the picture to read a voxel.';
    reading.classList.toggle('hint', text === null);
  }
}
