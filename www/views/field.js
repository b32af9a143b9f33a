// @ts-check
// One row of the recipe form.

import { element, format, prettyUnit } from '../dom.js';

/** @typedef {number | string | number[]} Value a list is text once it was typed */

/**
 * A row of the recipe's table of fields, as the module hands it out.
 * @typedef {object} Field
 * @property {string} key
 * @property {string} group
 * @property {boolean} advanced
 * @property {string} label
 * @property {string} unit
 * @property {{type: 'number', min: number, max: number, step: number} | {type: 'integer', min: number, max: number}
 *   | {type: 'choice', options: string[]} | {type: 'list', min: number, max: number, most: number}
 *   | {type: 'text', longest: number}} kind
 * @property {string} help
 * @property {string} source
 * @property {Value} default
 * @property {{name: string, text: string}[]} templates texts to start from
 * @property {{min: number, max: number, log: boolean} | null} slider
 */

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/**
 * @typedef {object} Row
 * @property {HTMLElement} node
 * @property {Control} input
 * @property {(value: Value) => void} show
 * @property {(changed: boolean) => void} mark
 * @property {(unused: string | null) => void} use told why it counts for nothing, if so
 * @property {(text: string | null) => void} complain
 */

/** Positions of a slider that runs over decades. */
const LOG_STEPS = 400;

/**
 * @param {Field} field
 * @param {(value: number | string) => void} onInput
 * @param {() => void} onReset
 * @param {HTMLElement | null} [extra] a control of its own beside the input
 * @returns {Row}
 */
export function fieldRow(field, onInput, onReset, extra = null) {
  const id = `field-${field.key}`;
  const unit = prettyUnit(field.unit);
  const { kind } = field;
  const input = control(field, { id, 'aria-describedby': `${id}-issue ${id}-unused ${id}-help` });
  const templates = field.templates.length ? templatesFor(field, onInput) : null;
  const slider = field.slider && sliderFor(field, (value) => onInput(value));
  const reset = element(
    'button',
    { class: 'icon-button tiny reset', type: 'button', hidden: true, 'aria-label': `Reset ${field.label}`, title: 'Reset', onclick: onReset },
    '↺',
  );
  const help = element('p', { id: `${id}-help`, class: 'help', hidden: true }, field.help, sourceNote(field.source));
  const ask = element(
    'button',
    { class: 'icon-button tiny', type: 'button', 'aria-label': `About ${field.label}`, 'aria-expanded': 'false', 'aria-controls': help.id },
    '?',
  );
  ask.addEventListener('click', () => {
    help.hidden = !help.hidden;
    ask.setAttribute('aria-expanded', String(!help.hidden));
  });
  const issue = element('p', { id: `${id}-issue`, class: 'issue', hidden: true });
  const reason = element('p', { id: `${id}-unused`, class: 'help', hidden: true });
  input.addEventListener('input', () => onInput(read(input, kind.type)));

  const node = element(
    'div',
    { class: 'field' },
    element(
      'div',
      { class: 'field-line' },
      element('label', { for: id }, field.label),
      ask,
      reset,
      // A text has a line of its own.
      kind.type === 'text'
        ? templates
        : element('span', { class: 'field-value' }, extra, input, kind.type === 'choice' ? null : element('span', { class: 'unit' }, unit)),
    ),
    kind.type === 'text' ? input : null,
    slider && slider.node,
    issue,
    reason,
    help,
  );

  return {
    node,
    input,
    show(value) {
      if (document.activeElement !== input || read(input, kind.type) !== value) input.value = text(value);
      slider?.show(value);
    },
    mark(changed) {
      node.classList.toggle('changed', changed);
      reset.hidden = !changed;
    },
    use(unused) {
      const idle = unused !== null;
      node.classList.toggle('unused', idle);
      reason.hidden = !idle;
      reason.textContent = unused ?? '';
      input.disabled = idle;
      if (slider) slider.node.disabled = idle;
      if (templates) templates.disabled = idle;
    },
    complain(fault) {
      issue.hidden = fault === null;
      issue.textContent = fault ?? '';
      if (fault === null) input.removeAttribute('aria-invalid');
      else input.setAttribute('aria-invalid', 'true');
    },
  };
}

/**
 * The input of a field, without its value.
 * @param {Field} field
 * @param {Record<string, string>} attributes
 * @returns {Control}
 */
function control({ kind }, attributes) {
  if (kind.type === 'choice') return element('select', attributes, ...kind.options.map((o) => option(o)));
  if (kind.type === 'list') return element('textarea', { ...attributes, rows: 2, placeholder: 'none', spellcheck: 'false' });
  if (kind.type === 'text') return element('textarea', { ...attributes, class: 'text', rows: 4, maxlength: kind.longest, placeholder: 'none', spellcheck: 'false' });
  return element('input', { ...attributes, type: 'number', inputmode: 'decimal', step: kind.type === 'integer' ? 1 : kind.step });
}

/** A value as it stands in its input. @param {Value} value */
const text = (value) => (Array.isArray(value) ? value.join(', ') : String(value));

/** @param {string} name */
const option = (name) =>
  element('option', { value: name }, name.length <= 3 ? name.toUpperCase() : name[0].toUpperCase() + name.slice(1));

/** @param {string} source */
const sourceNote = (source) => (source ? element('span', { class: 'source' }, ` Default: ${source}.`) : null);

/**
 * What the input holds: a number, a name, or whatever text was typed.
 * @param {Control} input
 * @param {string} type
 */
function read(input, type) {
  if (['choice', 'list', 'text'].includes(type) || input.value.trim() === '') return input.value;
  const value = Number(input.value);
  return Number.isNaN(value) ? input.value : value;
}

/**
 * Puts a text into the field that can be worked on.
 * @param {Field} field
 * @param {(text: string) => void} onInput
 */
function templatesFor({ label, templates }, onInput) {
  const first = element('option', { value: '' }, 'Template …');
  const select = element('select', { class: 'templates', 'aria-label': `Templates of ${label}` }, first, ...templates.map(({ name, text }) => element('option', { value: text }, name)));
  select.addEventListener('change', () => {
    onInput(select.value);
    select.value = '';
  });
  return select;
}

/**
 * @param {Field} field
 * @param {(value: number) => void} onInput
 */
function sliderFor(field, onInput) {
  const range = /** @type {NonNullable<Field['slider']>} */ (field.slider);
  const step = field.kind.type === 'number' ? field.kind.step : 1;
  const node = element('input', {
    type: 'range',
    class: 'slider',
    'aria-label': `${field.label}, slider`,
    min: range.log ? 0 : range.min,
    max: range.log ? LOG_STEPS : range.max,
    step: range.log ? 1 : step,
  });
  const decades = Math.log(range.max / range.min);
  const value = () =>
    range.log
      ? Number((range.min * Math.exp((decades * node.valueAsNumber) / LOG_STEPS)).toPrecision(2))
      : Number(node.valueAsNumber.toPrecision(10));
  const describe = () => node.setAttribute('aria-valuetext', `${format(value())} ${prettyUnit(field.unit)}`);
  node.addEventListener('input', () => {
    describe();
    onInput(value());
  });
  return {
    node,
    /** @param {Value} shown */
    show(shown) {
      if (typeof shown !== 'number' || document.activeElement === node) return;
      node.value = String(range.log ? (LOG_STEPS * Math.log(Math.max(shown, range.min) / range.min)) / decades : shown);
      describe();
    },
  };
}
