// @ts-check
// The state of the bench as the fragment of its address: the version of the format, then what differs from the defaults.
// `#v1?preset=lyc-14&c_rate=2` is the preset lyc-14 at 2C.

import { shorten } from './dom.js';
import { sameValue } from './runs.js';

/** @typedef {import('./views/form.js').Preset} Preset */
/** @typedef {import('./views/field.js').Field} Field */
/** @typedef {import('./messages.js').Recipe} Recipe */
/** @typedef {{preset: Preset, recipe: Recipe}} State */

const VERSION = 1;

/** A link that cannot be followed, and why. */
export class BadLink extends Error {}

export class Links {
  /**
   * @param {Field[]} fields
   * @param {Preset[]} presets
   * @param {Preset} first the preset that an empty address means
   * @param {(recipe: Recipe) => import('./messages.js').RecipeIssue[]} check
   */
  constructor(fields, presets, first, check) {
    this.fields = fields;
    this.presets = presets;
    this.first = first;
    this.check = check;
  }

  /** @param {State} state */
  write({ preset, recipe }) {
    const changes = new URLSearchParams();
    if (preset !== this.first) changes.set('preset', preset.name);
    for (const { key } of this.fields) if (!sameValue(recipe[key], preset.recipe[key])) changes.set(key, String(recipe[key]));
    const text = changes.toString();
    return text ? `#v${VERSION}?${text}` : '';
  }

  /**
   * The state of a link; null if the fragment is the name of a place on the page.
   * @param {string} fragment
   * @returns {State | null}
   */
  read(fragment) {
    const text = fragment.replace(/^#/, '');
    if (text !== '' && document.getElementById(text)) return null;
    const parts = /^v(\d+)(?:\?(.*))?$/s.exec(text || `v${VERSION}`);
    if (!parts) throw new BadLink(`“${shorten(text)}” is no state of this page.`);
    if (Number(parts[1]) !== VERSION) throw new BadLink(`It is of version ${parts[1]}; this page knows version ${VERSION}.`);
    return this.#fields(new URLSearchParams(parts[2] ?? ''));
  }

  /** @param {URLSearchParams} given @returns {State} */
  #fields(given) {
    const keys = [...given.keys()];
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice) throw new BadLink(`It gives “${shorten(twice)}” twice.`);
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
