// @ts-check
// The recipe: presets, fields, and what is wrong with them.

import { byId, element, shorten } from '../dom.js';
import { hasSteps, sameValue } from '../runs.js';
import { fieldRow } from './field.js';

/** @typedef {import('./field.js').Field} Field */
/** @typedef {import('../messages.js').Recipe} Recipe */
/** @typedef {{name: string, title: string, question: string, source: string, carbon_coverage: number | null, measured: Record<string, number>, film_growth: number, recipe: Recipe}} Preset */
/** @typedef {import('../link.js').State} State */

/** Is this field about the test and not about the electrode? @param {Field} field */
const isTest = (field) => field.group === 'Discharge';
/** Electrodes that the paper is about; the others unfold. */
const FIRST = ['bare', 'lyc-7', 'lyc-10', 'lyc-14', 'lyc-43', 'lyc-c-14'];
/** What changes the picture of an electrode, not the electrode. */
const NUMERICS = ['voxel_um', 'width_um', 'seed'];

export class Form {
  /** @type {Recipe} */
  recipe;
  /** @type {Preset} what 'changed' is measured against */
  base;
  /** @type {Map<string, import('./field.js').Row>} */
  #rows = new Map();
  /** @type {Map<string, HTMLDetailsElement>} */
  #folds = new Map();
  /** @type {Map<Preset, HTMLInputElement>} */
  #cards = new Map();

  /**
   * @param {Field[]} fields
   * @param {Preset[]} presets
   * @param {Preset} first
   * @param {() => number} newSeed
   * @param {(recipe: Recipe) => Record<string, string>} unusedFields why fields count for nothing
   * @param {(knob: string | null) => void} onChange told which field was changed, or null for several
   */
  constructor(fields, presets, first, newSeed, unusedFields, onChange) {
    this.fields = fields;
    this.base = first;
    this.recipe = { ...first.recipe };
    this.newSeed = newSeed;
    this.unusedFields = unusedFields;
    this.onChange = onChange;
    this.#buildPresets(presets);
    this.#buildFields();
    byId('reset').addEventListener('click', () => {
      this.apply({ preset: this.base, recipe: this.base.recipe });
      this.onChange(null);
    });
    // On a phone the results come first; the fields unfold when asked for.
    if (matchMedia('(max-width: 48rem)').matches) byId('all-fields').removeAttribute('open');
    byId('form').addEventListener('submit', (event) => event.preventDefault());
    this.#show();
  }

  /** @returns {State} */
  get state() {
    return { preset: this.base, recipe: { ...this.recipe } };
  }

  /** Takes all of a state, and tells nobody. @param {State} state */
  apply({ preset, recipe }) {
    this.base = preset;
    this.recipe = { ...recipe };
    // What replaces the rate is not folded away.
    if (hasSteps(recipe)) this.#folds.get('protocol')?.setAttribute('open', '');
    this.#show();
  }

  /** Takes a preset's electrode, and keeps the test it is put to. @param {Preset} preset */
  choose(preset) {
    const test = this.fields.filter(isTest).map(({ key }) => [key, this.recipe[key]]);
    this.apply({ preset, recipe: { ...preset.recipe, ...Object.fromEntries(test) } });
    this.onChange(null);
  }

  /** @param {string} key @param {import('./field.js').Value} value */
  set(key, value) {
    this.recipe[key] = value;
    this.#show();
    this.onChange(key);
  }

  /** What a run is called: of the recipe of the moment, or of that on another grid. @param {Recipe} [recipe] */
  title(recipe = this.recipe) {
    const { title, recipe: base } = this.base;
    const { voxel_um, seed } = recipe;
    const changed = this.fields.some((field) => !isTest(field) && !['voxel_um', 'seed'].includes(field.key) && !sameValue(recipe[field.key], base[field.key]));
    const parts = [changed && 'changed', voxel_um !== base.voxel_um && `${voxel_um} µm`, seed !== base.seed && `seed ${seed}`];
    return [title, ...parts.filter(Boolean)].join(', ');
  }

  /** Is this still the preset's electrode, on whatever grid and in whatever test? */
  isPreset() {
    return this.#changes().every((field) => isTest(field) || NUMERICS.includes(field.key));
  }

  /**
   * Shows every fault, at its field and in a list above.
   * @param {import('../messages.js').RecipeIssue[]} issues
   */
  showIssues(issues) {
    for (const [key, row] of this.#rows) {
      const own = issues.filter((issue) => issue.path === key);
      row.complain(own.length ? own.map((issue) => this.#allowed(issue)).join(' ') : null);
      const fold = this.#folds.get(key);
      if (own.length && fold) fold.open = true;
    }
    const box = byId('issues');
    box.hidden = issues.length === 0;
    if (!issues.length) return box.replaceChildren();
    const count = issues.length === 1 ? 'One thing keeps' : `${issues.length} things keep`;
    box.replaceChildren(
      element('p', {}, `${count} this recipe from being built:`),
      element('ul', {}, ...issues.map((issue) => element('li', {}, this.#link(issue)))),
    );
  }

  /** A text in the words of the form: fields by their labels. @param {string} text */
  #plain(text) {
    return text.replace(/\b[a-z]+(_[a-z0-9]+)+\b/g, (key) => this.fields.find((field) => field.key === key)?.label ?? key);
  }

  /** What the field of a fault says. What it is about stands there already. @param {import('../messages.js').RecipeIssue} issue */
  #allowed({ path, allowed, hint }) {
    const field = this.fields.find(({ key }) => key === path);
    return this.#plain(`Allowed: ${allowed}.${field && hint === `${field.label}: ${field.help}` ? '' : ` ${hint}`}`);
  }

  /** @param {import('../messages.js').RecipeIssue} issue */
  #link(issue) {
    const field = this.fields.find((f) => f.key === issue.path);
    const value = issue.value === '' || issue.value === null ? 'nothing' : shorten(String(issue.value));
    const text = `${field?.label ?? issue.path}: ${value} given, allowed is ${this.#plain(issue.allowed)}`;
    const row = this.#rows.get(issue.path);
    if (!row) return text;
    const focus = (/** @type {Event} */ event) => {
      event.preventDefault();
      byId('all-fields').setAttribute('open', '');
      this.#folds.get(issue.path)?.setAttribute('open', '');
      row.input.focus();
    };
    return element('a', { href: `#field-${issue.path}`, onclick: focus }, text);
  }

  /** @param {Preset[]} presets */
  #buildPresets(presets) {
    const card = (/** @type {Preset} */ preset) => {
      const [title, question] = ['title', 'question'].map((part) => `preset-${preset.name}-${part}`);
      const input = element('input', { type: 'radio', name: 'preset', value: preset.name, 'aria-labelledby': title, 'aria-describedby': question });
      input.addEventListener('change', () => this.choose(preset));
      this.#cards.set(preset, input);
      const text = element('span', {}, element('strong', { id: title }, preset.title), element('small', { id: question }, preset.question));
      return element('label', { class: 'chip preset' }, input, text);
    };
    const first = presets.filter(({ name }) => FIRST.includes(name));
    const others = presets.filter(({ name }) => !FIRST.includes(name));
    const more = element('summary', {}, 'More electrodes', element('span', { class: 'count' }, ` ${others.length}`));
    byId('presets').append(
      element('div', { class: 'chips' }, ...first.map(card)),
      element('details', { id: 'more-presets', class: 'fold' }, more, element('div', { class: 'chips' }, ...others.map(card))),
    );
  }

  #buildFields() {
    const groups = [...new Set(this.fields.map((f) => f.group))];
    byId('form').append(
      ...groups.map((group) => {
        const own = this.fields.filter((f) => f.group === group);
        const plain = own.filter((f) => !f.advanced).map((f) => this.#row(f).node);
        const advanced = own.filter((f) => f.advanced);
        const fold =
          advanced.length > 0 &&
          element(
            'details',
            { class: 'fold' },
            element('summary', {}, plain.length ? 'More' : group, element('span', { class: 'count' }, ` ${advanced.length}`)),
            ...advanced.map((f) => this.#row(f).node),
          );
        if (fold) for (const f of advanced) this.#folds.set(f.key, fold);
        return plain.length
          ? element('fieldset', { class: 'group' }, element('legend', {}, group), ...plain, fold)
          : element('div', { class: 'group folded' }, fold);
      }),
    );
  }

  /** @param {Field} field */
  #row(field) {
    const dice =
      field.key === 'seed' &&
      element('button', { class: 'secondary tiny', type: 'button', onclick: () => this.set('seed', this.newSeed()) }, 'New');
    const row = fieldRow(
      field,
      (value) => this.set(field.key, value),
      () => this.set(field.key, this.base.recipe[field.key]),
      dice || null,
    );
    this.#rows.set(field.key, row);
    return row;
  }

  #changes() {
    return this.fields.filter(({ key }) => !sameValue(this.recipe[key], this.base.recipe[key]));
  }

  #show() {
    const changes = this.#changes();
    const unused = this.unusedFields(this.recipe);
    for (const field of this.fields) {
      const row = this.#rows.get(field.key);
      row?.show(this.recipe[field.key]);
      row?.mark(changes.includes(field));
      row?.use(unused[field.key] ?? null);
    }
    for (const [preset, input] of this.#cards) input.checked = preset === this.base;
    if (!FIRST.includes(this.base.name)) byId('more-presets').setAttribute('open', '');
    const electrode = changes.filter((field) => !isTest(field)).length;
    const count = electrode === 1 ? '1 field changed' : `${electrode} fields changed`;
    byId('changes').textContent = electrode ? `${this.base.title}, ${count}` : '';
    byId('reset').toggleAttribute('disabled', changes.length === 0);
  }
}
