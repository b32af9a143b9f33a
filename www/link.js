// @ts-check
// The state of the bench as the fragment of its address: the version of the format, then what differs from the defaults.
// `#v1?preset=lyc-14&c_rate=2&cut=z&chart=losses` is the preset lyc-14 at 2C, cut across z, beside the chart of its losses.

import { shorten } from './dom.js';
import { sameValue } from './runs.js';

/** @typedef {import('./views/form.js').Preset} Preset */
/** @typedef {import('./views/field.js').Field} Field */
/** @typedef {import('./messages.js').Recipe} Recipe */
/** @typedef {{preset: Preset, recipe: Recipe}} State */

/**
 * How it is looked at.
 * @typedef {object} View
 * @property {string} cut the axis across which the main section cuts
 * @property {number[] | null} at where the sections meet [um]; null is the middle
 * @property {string | null} show the field; null is the lithium once there is a run
 * @property {string} chart
 * @property {string} over what the chart is drawn over
 */
/** @type {View} */
const FIRST_VIEW = { cut: 'y', at: null, show: null, chart: 'voltage', over: 'capacity' };

const VERSION = 1;

/** A link that cannot be followed, and why. */
export class BadLink extends Error {}

export class Links {
  /**
   * @param {Field[]} fields
   * @param {Preset[]} presets
   * @param {Preset} first the preset that an empty address means
   * @param {(recipe: Recipe) => import('./messages.js').RecipeIssue[]} check
   * @param {Record<'cut' | 'show' | 'chart' | 'over', string[]>} views what there is to choose from
   */
  constructor(fields, presets, first, check, views) {
    this.fields = fields;
    this.presets = presets;
    this.first = first;
    this.check = check;
    this.views = views;
  }

  /** @param {State} state @param {View} view */
  write({ preset, recipe }, view) {
    const changes = new URLSearchParams();
    if (preset !== this.first) changes.set('preset', preset.name);
    for (const { key } of this.fields) if (!sameValue(recipe[key], preset.recipe[key])) changes.set(key, String(recipe[key]));
    for (const [key, value] of Object.entries(view)) if (value !== FIRST_VIEW[/** @type {keyof View} */ (key)]) changes.set(key, String(value));
    const text = changes.toString();
    return text ? `#v${VERSION}?${text}` : '';
  }

  /**
   * The state of a link; null if the fragment is the name of a place on the page.
   * @param {string} fragment
   * @returns {State & {view: View} | null}
   */
  read(fragment) {
    const text = fragment.replace(/^#/, '');
    if (text !== '' && document.getElementById(text)) return null;
    const parts = /^v(\d+)(?:\?(.*))?$/s.exec(text || `v${VERSION}`);
    if (!parts) throw new BadLink(`“${shorten(text)}” is no state of this page.`);
    if (Number(parts[1]) !== VERSION) throw new BadLink(`It is of version ${parts[1]}; this page knows version ${VERSION}.`);
    const given = new URLSearchParams(parts[2] ?? '');
    const keys = [...given.keys()];
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice) throw new BadLink(`It gives “${shorten(twice)}” twice.`);
    // What is about the view is taken out; the rest is the electrode.
    return { view: this.#view(given), ...this.#fields(given) };
  }

  /** @param {URLSearchParams} given @returns {View} */
  #view(given) {
    const view = { ...FIRST_VIEW };
    for (const [key, offered] of /** @type {['cut' | 'show' | 'chart' | 'over', string[]][]} */ (Object.entries(this.views))) {
      const value = given.get(key);
      given.delete(key);
      if (value === null) continue;
      if (!offered.includes(value)) throw new BadLink(`“${shorten(value)}” is nothing to choose for “${key}”: there are ${offered.join(', ')}.`);
      view[key] = value;
    }
    const at = given.get('at');
    given.delete('at');
    if (at === null) return view;
    view.at = at.split(',').map(Number);
    if (view.at.length !== 3 || !view.at.every((um) => Number.isFinite(um) && um >= 0)) {
      throw new BadLink(`“${shorten(at)}” is no place: three lengths in µm from the corner of the structure are one.`);
    }
    return view;
  }

  /** @param {URLSearchParams} given @returns {State} */
  #fields(given) {
    const name = given.get('preset') ?? this.first.name;
    const preset = this.presets.find((one) => one.name === name);
    if (!preset) throw new BadLink(`There is no electrode “${shorten(name)}”.`);
    const recipe = { ...preset.recipe };
    for (const [key, value] of given) {
      if (key === 'preset') continue;
      const field = this.fields.find((one) => one.key === key);
      if (!field) throw new BadLink(`There is no field “${shorten(key)}”.`);
      const isNumber = ['number', 'integer'].includes(field.kind.type) && value.trim() !== '' && !Number.isNaN(Number(value));
      recipe[key] = isNumber ? Number(value) : value;
    }
    const [issue] = this.check(recipe);
    if (issue) {
      const label = this.fields.find((one) => one.key === issue.path)?.label ?? issue.path;
      throw new BadLink(`${label}: ${shorten(String(issue.value))} given, allowed is ${issue.allowed}. ${issue.hint}`);
    }
    return { preset, recipe };
  }
}
