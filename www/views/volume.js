// @ts-check
// The 3D view: which phases, cut where, seen from where. Draws when something changes, and never else.

import { byId, element } from '../dom.js';
import { isGone } from '../simulator.js';
import { cameraAt, project } from './camera.js';
import { oneAFrame, pixelsOf, watchSize } from './canvas.js';
import { AXES } from './cursor.js';
import { Orbit } from './orbit.js';
import { painter } from './volume-canvas.js';

/** @typedef {import('./camera.js').Vector} Vector */
/** @typedef {{label: number, name: string, rgb: number[], first: boolean}} Part what can be shown or hidden */

/** Labels of the 3D view beyond the phases. */
const NCA = 1;
const ISOLATED = 6;
const WEAK = 7;
/** @type {Part[]} */
const SPECIAL = [
  { label: ISOLATED, name: 'isolated NCA', rgb: [213, 60, 20], first: true },
  { label: WEAK, name: 'weakly wired NCA', rgb: [204, 121, 167], first: true },
];
/** Pore and sulfide fill the space between: with them nothing else is seen. */
const HIDDEN_AT_FIRST = ['pore', 'lpscl'];
/** Pixels of the screen beyond this ratio cost more than they show. */
const MOST_SHARP = 2;
/** Full sharpness comes back this long after the last move [ms]. */
const REST_MS = 160;

export class VolumeView {
  #canvas = /** @type {HTMLCanvasElement} */ (byId('volume'));
  #cutSelect = /** @type {HTMLSelectElement} */ (byId('volume-cut'));
  #position = /** @type {HTMLInputElement} */ (byId('volume-position'));
  #colourSelect = /** @type {HTMLSelectElement} */ (byId('volume-colour'));
  /** Looked for when the view first comes in sight. @type {import('./volume-canvas.js').Painter | null} */
  #painter = null;
  /** @type {Promise<void> | null} */
  #looking = null;
  /** @type {import('../messages.js').Grid | null} */
  #grid = null;
  /** @type {Uint8Array | null} */
  #labels = null;
  /** Of the latest structure. @type {Promise<Uint8Array> | null} */
  #asked = null;
  /** @type {number[][]} */
  #palette = [];
  /** The field that the painter has, in words that tell it from others; empty for none. */
  #coloured = '';
  /** @type {Promise<void> | null} */
  #colouring = null;
  /** The visitor's choices, kept from structure to structure. @type {Map<string, boolean>} */
  #choices = new Map();
  #shown = 0;
  #moving = 0;
  /** Nobody waits for a picture that is out of sight. */
  #seen = false;
  /** Does the painter have these labels? */
  #loaded = false;

  /**
   * @param {typeof import('../pkg/catholyte.js')} module
   * @param {import('../simulator.js').Simulator} simulator
   * @param {import('./slices.js').Slices} slices which have the cut and the colours
   */
  constructor(module, simulator, slices) {
    this.module = module;
    this.simulator = simulator;
    this.slices = slices;
    this.redraw = oneAFrame(() => this.#draw());
    this.orbit = new Orbit(this.#canvas, () => this.#move());
    byId('volume-in').addEventListener('click', () => this.orbit.zoom(1 / 1.3));
    byId('volume-out').addEventListener('click', () => this.orbit.zoom(1.3));
    byId('volume-home').addEventListener('click', () => this.orbit.home());
    this.#cutSelect.addEventListener('change', () => this.showCut());
    this.#colourSelect.addEventListener('change', () => this.#colour());
    this.#position.addEventListener('input', () => {
      const { axis } = slices.cursor;
      slices.cursor.move(AXES.map((one) => (one === axis ? this.#position.valueAsNumber : undefined)));
    });
    slices.cursor.addEventListener('move', () => this.showCut());
    slices.addEventListener('shown', () => this.#colour());
    watchSize(this.#canvas, this.redraw);
    new IntersectionObserver((entries) => {
      this.#seen = entries.some((entry) => entry.isIntersecting);
      if (this.#seen) this.#looking ??= this.#findPainter();
      this.#upload();
    }).observe(this.#canvas);
  }

  async #findPainter() {
    this.#painter = await painter(this.#canvas);
    if (this.#painter) this.#upload();
    else this.#refuse('This browser shows no 3D here: WebGL2 is missing or switched off. The cross-section shows the same structure.');
  }

  /**
   * There is another structure.
   * @param {import('../messages.js').Grid} grid
   * @param {Promise<Uint8Array>} labels those of its voxels
   * @param {import('./slices.js').PhaseStyle[]} styles
   */
  async setStructure(grid, labels, styles) {
    this.#asked = labels;
    try {
      const found = await labels;
      if (this.#asked !== labels) return;
      this.#labels = found;
    } catch (error) {
      if (isGone(error)) return;
      throw error;
    }
    this.#grid = grid;
    this.#palette = [...styles.map((style) => style.rgb), ...SPECIAL.map((part) => part.rgb)];
    this.#buildParts(styles);
    this.showCut();
    this.#loaded = false;
    this.#upload();
  }

  /** The cut was moved, here or in the cross-section. */
  showCut() {
    const { axis, index, last } = this.slices.cursor.cut;
    this.#position.max = String(last);
    this.#position.value = String(index);
    this.#position.disabled = this.#cutSelect.value === 'none';
    const place = this.slices.cursor.place();
    byId('volume-place').textContent = this.#position.disabled ? '' : place;
    this.#position.setAttribute('aria-valuetext', place);
    this.#position.setAttribute('aria-label', `Position of the cut across ${axis} in 3D`);
    this.redraw();
  }

  /** Brings the picture up to date, if it is in sight. */
  #upload() {
    const [painter, labels, grid] = [this.#painter, this.#labels, this.#grid];
    if (!painter || !labels || !grid || !this.#seen) return;
    if (!this.#loaded) {
      const fits = Math.max(...grid.size) <= painter.limit;
      this.#say(fits ? null : `More than ${painter.limit} voxels along an axis: this device cannot show them in 3D.`);
      if (!fits) return;
      painter.take({ kind: 'labels', labels, size: grid.size });
      this.#loaded = true;
      this.#coloured = '';
    }
    this.#colour();
    this.redraw();
  }

  /** Takes the colours of the cross-sections, or those of the phases. */
  #colour() {
    this.#colouring ??= this.#fetchColours().finally(() => (this.#colouring = null));
  }

  /** While a field is on its way, only the latest wish counts. */
  async #fetchColours() {
    for (;;) {
      const colours = this.#colourSelect.value === 'section' ? this.slices.colours : null;
      const field = colours && colours.view.key !== 'phase' ? colours : null;
      const wanted = field ? JSON.stringify([field.view.key, this.slices.instant, field.scale, field.colormap]) : '';
      byId('volume-coloured').textContent = field ? `${field.view.label}, in the colours of the cross-section` : '';
      if (wanted === this.#coloured || !this.#labels || !this.#loaded || !this.#seen || !this.#painter) return;
      try {
        if (field) {
          const bytes = await this.simulator.field(field.view.key, field.time_s, field.scale);
          // A field of a structure that was replaced meanwhile.
          if (bytes.length !== this.#labels.length) return;
          this.#painter.take({ kind: 'field', bytes, ramp: this.module.colour_ramp(field.colormap) }, [bytes.buffer]);
        }
        this.#coloured = wanted;
        this.#move();
      } catch (error) {
        if (isGone(error)) return;
        throw error;
      }
    }
  }

  /** A box to tick for each phase that is there. @param {import('./slices.js').PhaseStyle[]} styles */
  #buildParts(styles) {
    // A bit for each label; a set of millions would be a long task.
    let present = 0;
    for (const label of this.#labels ?? []) present |= 1 << label;
    const phases = styles.map((style, label) => ({
      label,
      name: style.label,
      rgb: style.rgb,
      first: !HIDDEN_AT_FIRST.includes(style.key),
    }));
    const parts = [...phases, ...SPECIAL].filter(({ label }) => present & (1 << label));
    byId('volume-parts').replaceChildren(...parts.map((part) => this.#box(part)));
    this.#choose(parts);
  }

  /** @param {Part} part */
  #box(part) {
    const input = element('input', { type: 'checkbox' });
    input.checked = this.#choices.get(part.name) ?? part.first;
    input.addEventListener('change', () => {
      this.#choices.set(part.name, input.checked);
      if (part.label >= ISOLATED) this.#palette[part.label] = input.checked ? part.rgb : this.#palette[NCA];
      this.#shown ^= part.label < ISOLATED || !this.#has(NCA) ? 1 << part.label : 0;
      this.redraw();
    });
    const swatch = element('span', { class: 'swatch' });
    swatch.style.background = `rgb(${part.rgb.join(' ')})`;
    return element('label', { class: 'tick' }, input, swatch, part.name);
  }

  /** @param {number} label */
  #has(label) {
    return ((this.#shown >> label) & 1) === 1;
  }

  /** Is this kind of particle to stand out? @param {number} label */
  #marked(label) {
    const part = SPECIAL.find((special) => special.label === label);
    return part !== undefined && (this.#choices.get(part.name) ?? part.first);
  }

  /** @param {Part[]} parts */
  #choose(parts) {
    this.#shown = 0;
    for (const { label, name, first } of parts) if (this.#choices.get(name) ?? first) this.#shown |= 1 << label;
  }

  #move() {
    clearTimeout(this.#moving);
    this.#moving = window.setTimeout(() => {
      this.#moving = 0;
      this.redraw();
    }, REST_MS);
    this.redraw();
  }

  #draw() {
    const grid = this.#grid;
    // Coarser while it is being turned, sharp at rest.
    const [width, height] = pixelsOf(this.#canvas, Math.min(this.#moving ? 1 : MOST_SHARP, window.devicePixelRatio));
    if (!this.#painter || !this.#seen || !this.#loaded || !grid || !width || !height) return;
    const { axis, index } = this.slices.cursor.cut;
    const side = this.#cutSelect.value;
    const cutAxis = side === 'none' ? -1 : AXES.indexOf(axis);
    /** @type {Vector} */
    const low = [0, 0, 0];
    /** @type {Vector} */
    const high = [...grid.size];
    // The layer of the cross-section itself stays, and faces the viewer.
    if (side === 'above') high[cutAxis] = Math.min(index + 1, grid.size[cutAxis]);
    if (side === 'below') low[cutAxis] = Math.min(index, grid.size[cutAxis] - 1);
    const camera = cameraAt(this.orbit.pose, grid.size, width / height);
    const scene = {
      camera,
      low,
      high,
      cutAxis,
      cutSide: side === 'below' ? 1 : -1,
      shown: this.#shown,
      palette: this.#palette,
      byField: this.#coloured !== '',
      standOut: SPECIAL.filter(({ label }) => this.#marked(label)).reduce((set, { label }) => set | (1 << label), 0),
      edge: rgb(getComputedStyle(byId('volume-start')).color),
      accent: rgb(getComputedStyle(byId('volume-place')).color),
    };
    this.#painter.take({ kind: 'scene', scene, width, height });
    const [nx, ny, nz] = grid.size;
    place(byId('volume-start'), project(camera, [nx / 2, ny / 2, -0.02 * nz]));
    place(byId('volume-end'), project(camera, [nx / 2, ny / 2, 1.02 * nz]));
  }

  /** @param {string} message */
  #refuse(message) {
    this.#say(message);
    byId('volume-tools').hidden = true;
    byId('volume-controls').hidden = true;
    byId('volume-hint').hidden = true;
    this.#canvas.hidden = true;
  }

  /** @param {string | null} message */
  #say(message) {
    const note = byId('volume-message');
    note.hidden = message === null;
    note.textContent = message;
  }
}

/** The three numbers of a computed colour. @param {string} colour */
const rgb = (colour) => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);

/** Puts a word beside its end of the structure. @param {HTMLElement} node @param {[number, number] | null} at */
function place(node, at) {
  node.hidden = at === null || Math.abs(at[0]) > 1 || Math.abs(at[1]) > 1;
  if (!at) return;
  // Away from the middle, so that it never lies on the structure it names.
  node.style.translate = `${at[0] < 0 ? -105 : 5}% -50%`;
  node.style.left = `${50 * (1 + at[0])}%`;
  node.style.top = `${50 * (1 - at[1])}%`;
}
